#include "common_words.hpp"

#include <unordered_set>

namespace ward::deidentify {
namespace {

/// Common words of English and of clinical notes, of three letters or more.
constexpr std::string_view list =
    "able about above abscess ace ache acid act acute add after again age aged agent aid air alcohol ale alert alive "
    "all allergy almost alone along also always amber and anemia angel angle ankle another ant any apple april arch "
    "are area arm arms around art arthritis ash ask assess asthma august autumn avenue away axe baby back bacon bad "
    "baker bald ball band bank banks bar bare bark barn baron base bass bath bay beach bean bear beard beck bed been "
    "beer began bell belt bench bend berry best beta better between big bill bird birth bishop bit black blade blank "
    "bled bleed blind block blood bloom blow blue board bob body boil bold bolt bond bone bones book boot born both "
    "bottom bow bowel bowl box boy brace brain branch brand brave bread break breast breath breathe brick bridge "
    "bright broad brook brooks brown brush buck bull bump burn burns bush but butcher butler butter cab call calm "
    "came camp can cancer candy cane cape car card care carpenter carrier carry cart carter case cash cast castle cat "
    "catch cause cell center central chain chair chambers chance chancellor change charge charity charm chart chase "
    "check cheek cherry chest chew child chill chills chin chip choice christian church city clark clay clean clear "
    "clerk cliff clinic close clot cloud coal coat cobb cold cole coma come commons cone constant cook cool cooper "
    "copper cord core corn corner cost cough could count county course court cousins cow cox craft cramp crane creek "
    "crisp cross crow crown cry crystal cup cure curry cut cyst daily dale dame damp dark dash date daughter david "
    "dawn day days dead deaf dean dear death deceased deed deep delta dementia denial denied denies dense deny "
    "diabetes diagnosed diamond did died diet dill disabled disease dish divine divorced dock dog doll done door dose "
    "double dove down draft drain draw drew drink drip drive drop drug drum dry due duke dull dust dye each ear earl "
    "early east easy eat edema edge egg eight elbow elder end ends english even ever every exam eye eyes face fact "
    "fail faint fair faith fall falls fan far farm farmer fast fat father favor fear feed feet fell felt female fern "
    "fever few field fields fifty fig file fill film fin find fine finger fire firm first fish fisher fist fit five "
    "flag flank flat fleet flesh flint flora flow flower floyd flu fluid fly foam fold foley follow food foot for "
    "force ford forest form fort forth forty foster found four fowler fox frail frame france frank free freeman "
    "french fresh friend from front frost fry full fuller fund gain gait gale gall game gang gap garden garland "
    "garner gate gates gauge gave gay gem gene general gift ginger girl give given glass glen globe glory gold golden "
    "gone good goodman goose gore got gout grace grade graft grain grand grant grass grave graves gray great green "
    "grey grief grip groin ground group grove grow guard guide gum gun gut guy hail hair hale half hall ham hand "
    "hands handy happy hard hardy harm harmony harp harper harry has hat hawk hay haze head heal healthy heart heat "
    "heath heather heavy heel height held help her herb here hernia hero high hill hills him hip his history hit "
    "hives hoarse hold hole holiday holland holly holmes home honey hood hope horn horse hospital hot hound hour "
    "hours house how hull human hung hunt hunter hurt husband hypertension ice idle ill imaging inch infant infection "
    "injury ink inn intact iris irish iron island itch its ivory ivy jack jade jail jam jar jasmine jaw jay jerk jet "
    "jewel job join joint joints jolly joy judge juice july june junior just justice keen keep kept key kid kidney "
    "kind king kiss kit knee knight knot know known labor lace lack lake lamb lamp lance land landing lane large last "
    "late later law lawn lay lead leaf lean leave led lee left leg legs lemon less lesser level levy life light lily "
    "limb lime line link lion lip lips list little live liver load lobe local lock lodge long look loose lord loss "
    "lot loud love low lower loyal luck lump lunch lung lungs lupus lute lying lynch made main major make male mall "
    "malone man many map maple march mark marks married marsh mason mass mast master match may meal mean med meds "
    "melody melon memory men mercy merit merry mesh mid middle might migraine mild miles milk mill miller mills mind "
    "mine mink minor mint miss mist mobile model moist mole money mood moon moore more morning morrow moss most moth "
    "mother motor mount mouse mouth move much mud murmur muscle music must myself nail name narrow nash near neat "
    "neck need nerve net never new newborn news next nice night nine noble nodes none noon nor normal north nose not "
    "note noted now numb nurse nut oak oath oats obesity odd off office oil ointment old olive once one only onset "
    "ooze open oral orange order ore other our out over own pace pack page pages paige pain paine pair pale palm "
    "palmer pan pane park parker parks part party pass passed past patch path patience patient pea peace peach peak "
    "pearl peel pen penny people per perfect period perry pet phone pick piece pierce pike pill pillow pills pine "
    "pink pipe pitt place plan plant plate play plum point pole pond pool poor pope port porter post pot potter pound "
    "pour powder powell power powers pratt prayer precious present presents press price pride priest prime prince "
    "prior prize pro proctor prone prosper prudence psalm pulse pump pure purple pus push put quarry queen quick "
    "quiet quite race rain raise rally ramp ran ranger rare rash rate raw ray reach read reading real rear red reed "
    "reef refuge regular relief rent reports rest retired return reviewed rhodes rib ribs rice rich ride ridge right "
    "ring rise risk river rivers road rob robin rock rod roll roman roof room root rose rough round row royal rub "
    "ruby rule run rush russell rusty rye sac safe sage said sail saint salt same san sand sands sandy sat save saw "
    "say scale scalp scan scar school score scott sea seal sears season seat second see seed seen seizure self senior "
    "sense sent serene series set seven sever severe sex shade shaft shall sharp shaw she sheen shell shepherd shin "
    "ship shirt shock shoe shore short shot should shoulder show shy sick side sierra sign signs silk silver simple "
    "since single sink sinus sir sister site six size skin skip sky sleep slim slip slow small smart smell smile "
    "smith smoke smooth snow soap sober social sock soft soil sole solomon some son song soon sore sorrow sort soul "
    "sound source south space spain span spark speak spear speech speed spell spence spice spike spine spleen split "
    "spoke spot sprain spring springs spruce square stable stack staff stage stain stamp stand standing star stark "
    "start state states station stay steady steel steep stein stem step sterling stern stew stiff still sting stock "
    "stomach stone stones stood stool stop storm story stout strain street stress string stroke strong stuart stump "
    "such sugar suite summer summers sun sung sunny sure swallow swan sweat sweet swell swift sword symptom system "
    "tab table tail take tall tan tape taper target taste taylor tea team tear tears tell temp temple ten tend tender "
    "tense term test than that the them then there they thick thigh thin thing third thorn those three throat through "
    "thumb thy tic tight tile till time tin tip tired tissue tobacco toe toes told toll tom tone tongue too took "
    "tooth top torn total touch tower town trace track tract train trauma tray tree tremor trial tribe trip triumph "
    "troy true trunk trust try tub tube tucker tumor turn turner twin two type ulcer uncle under unit unity unknown "
    "unremarkable until upper urge urine use used vain vale valley valor value van vary vein vent venue verity very "
    "victory view vine violet virgin virtue visit vista vital vivid voice void vomit wade wait walk walker wall walls "
    "want ward warm warmth warn was wash waste watch water waters wave way ways weak wealth wear weaver webb week "
    "weeks weight well wells went were west wet what wheel when where while white who whole why wide widowed wife "
    "wild will willow win wind window wine wing winter winters wire wise wish wit with without wolf woman wood woods "
    "wool word words work works worm worse worst worth would wound woven wrap wren wrist yard year years yeast yellow "
    "yes yet yield yoke young your youth zone ";

std::unordered_set<std::string_view> split() {
  std::unordered_set<std::string_view> words;
  for (std::size_t from = 0, end = 0; (end = list.find(' ', from)) != std::string_view::npos; from = end + 1)
    words.insert(list.substr(from, end - from));
  return words;
}

}  // namespace

bool is_common_word(std::string_view folded) {
  static const std::unordered_set<std::string_view> words = split();
  return words.contains(folded);
}

}  // namespace ward::deidentify
