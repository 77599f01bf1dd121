ward_fuzz(log_recovery LINKS audit INSIDE audit)
ward_fuzz(audit_record LINKS audit INSIDE audit)
