ward_fuzz(token_request LINKS identity INSIDE identity)
ward_fuzz(dpop_proof LINKS identity INSIDE identity)
ward_fuzz(authorize_request LINKS identity INSIDE identity)
ward_fuzz(launch_body LINKS identity INSIDE identity)
