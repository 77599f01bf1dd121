ward_fuzz(request_line LINKS door INSIDE door)
