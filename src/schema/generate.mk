# SPDX-License-Identifier: Apache-2.0
# The data model of HL7 v2 as C, made from the tables in src/schema/data.
GENERATED += $(B)/gen/schema.inc $(B)/gen/structures.inc
SCHEMA_DATA := $(foreach f,segments fields components tables codes,src/schema/data/$(f).csv)
STRUCTURE_DATA := src/schema/data/segments.csv src/schema/data/structures.txt src/schema/data/events.csv

$(B)/gen/schema.inc: src/base/csv.awk src/schema/schema.awk $(SCHEMA_DATA)
	@mkdir -p $(@D)
	$(call say,GEN,$@)
	$(Q)LC_ALL=C awk -f src/base/csv.awk -f src/schema/schema.awk $(SCHEMA_DATA) > $@

$(B)/gen/structures.inc: src/base/csv.awk src/schema/structures.awk $(STRUCTURE_DATA)
	@mkdir -p $(@D)
	$(call say,GEN,$@)
	$(Q)LC_ALL=C awk -f src/base/csv.awk -f src/schema/structures.awk $(STRUCTURE_DATA) > $@
