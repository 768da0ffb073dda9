-- Title: print, sys.stderr, logging and warnings, each to its message
-- Derived: by hand
EXEC sp_execute_external_script @language = N'Python', @script = N'
import logging
import sys
import warnings

logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s:%(name)s:%(message)s")
log = logging.getLogger("load")
print("step 1")
log.info("rows read: %d", 3)
log.debug("not shown")
warnings.warn("the sample is small", UserWarning)
sys.stderr.write("written by hand\n")
print("step 2")
';
-- expect: message 39005 'STDOUT message(s) from external script: '
-- expect: message 39005 'step 1'
-- expect: message 39005 'step 2'
-- expect: message 39022 'STDERR message(s) from external script: '
-- expect: message 39022 'INFO:load:rows read: 3'
-- expect: message 39022 'UserWarning: the sample is small'
-- expect: message 39022 'written by hand'
GO
