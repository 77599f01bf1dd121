ward_fuzz(configuration LINKS app INSIDE app)
