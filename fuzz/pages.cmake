ward_fuzz(pages LINKS pages)
