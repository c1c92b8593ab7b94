module conclave/tests/tlog

go 1.26

require golang.org/x/mod v0.38.0
