ward_fuzz(store_body LINKS store INSIDE store)
