ward_fuzz(narrative LINKS shield INSIDE shield)
ward_fuzz(firewall_values LINKS shield INSIDE shield)
