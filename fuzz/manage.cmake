ward_fuzz(manage_body LINKS manage INSIDE manage)
