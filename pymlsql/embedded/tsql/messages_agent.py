"""Messages of SQL Server Agent and the procedures of msdb; the texts are those of sys.messages."""

from __future__ import annotations

from pymlsql.schedules import SCHEDULE_FAULTS

MESSAGES_AGENT: dict[int, tuple[int, str]] = {
    **{number: (16, text) for number, text in SCHEDULE_FAULTS.items()},
    14226: (10, "{} history entries purged."),
    14234: (16, "The specified '{}' is invalid (valid values are returned by {})."),
    14235: (16, "The specified '{}' is invalid (valid values are greater than 0 but excluding {})."),
    14236: (10, "Warning: Non-existent step referenced by {}."),
    14242: (16, "Only a system administrator can reassign ownership of a job."),
    14243: (10, "Job '{}' started successfully."),
    14254: (10, "Job '{}' stopped successfully."),
    14256: (16, "Cannot start the job \"{}\" (ID {}) because it does not have any job server or servers defined. "
            "Associate the job with a job server by calling sp_add_jobserver."),
    14257: (16, "Cannot stop the job \"{}\" (ID {}) because it does not have any job server or servers defined. "
            "Associate the job with a job server by calling sp_add_jobserver."),
    14261: (16, "The specified {} ('{}') already exists."),
    14262: (16, "The specified {} ('{}') does not exist."),
    14267: (16, "Cannot add a job to the '{}' job category."),
    14269: (16, "Job '{}' is already targeted at server '{}'."),
    14270: (16, "Job '{}' is not currently targeted at server '{}'."),
    14274: (16, "Cannot add, update, or delete a job (or its steps or schedules) that originated from an MSX server."),
    14276: (16, "'{}' is a permanent {} category and cannot be deleted."),
    14280: (16, "Supply either a job name (and job aspect), or one or more job filter parameters."),
    14282: (16, "Supply either a date (created or last modified) and a data comparator, or no date parameters at all."),
    14285: (16, "Cannot add a local job to a multiserver job category."),
    14289: (16, "{} cannot contain '{}' characters."),
    14294: (16, "Supply either {} or {} to identify the job."),
    14366: (16, "Only members of sysadmin role can modify the owner of a schedule."),
    14371: (16, "There are two or more schedules named \"{}\". Specify {} instead of {} to uniquely identify the "
            "schedule."),
    14372: (16, "The schedule was not deleted because it is being used by one or more jobs."),
    14373: (16, "Supply either {} or {} to identify the schedule."),
    14374: (16, "The specified schedule name \"{}\" is not associated with the job \"{}\"."),
    14375: (16, "More than one schedule named \"{}\" is attached to job \"{}\". Use \"sp_update_schedule\" to update "
            "schedules."),
    14376: (16, "More than one schedule named \"{}\" is attached to job \"{}\". Use \"sp_detach_schedule\" to remove "
            "schedules from a job."),
    14377: (16, "The schedule was not attached to the specified job. The caller must own the job or the operation must "
            "be performed by a sysadmin."),
    14391: (16, "Only owner of a job or members of sysadmin role can detach a schedule."),
    14392: (16, "Only owner of a job or members of role sysadmin or SQLAgentOperatorRole can purge history of the "
            "job."),
    14393: (16, "Only owner of a job or members of role sysadmin or SQLAgentOperatorRole can start and stop the job."),
    14394: (16, "Only owner of a job schedule or members of sysadmin role can modify or delete the job schedule."),
    14515: (16, "Only a member of the sysadmin server role can add a job for a different owner with "
            "@owner_login_name."),
    14517: (16, "A proxy account is not allowed for a Transact-SQL subsystem."),
    14525: (16, "Only members of sysadmin role are allowed to update or delete jobs owned by a different login."),
    14528: (16, "Job \"{}\" has no steps defined."),
    14582: (16, "Only a sysadmin can specify '@output_file_name' parameter for a jobstep."),
    14583: (16, "Only a sysadmin can specify '@database_user_name' parameter."),
    22022: (16, "{}"),
}  # fmt: skip
