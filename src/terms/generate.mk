# SPDX-License-Identifier: Apache-2.0
# The terminology tables as C, made from the CSV files that hold them.
GENERATED += $(B)/gen/units.inc $(B)/gen/terms.inc $(B)/gen/limits.inc

$(B)/gen/units.inc: src/base/csv.awk src/terms/units.awk src/terms/units.csv src/terms/unit_aliases.csv
	@mkdir -p $(@D)
	$(call say,GEN,$@)
	$(Q)LC_ALL=C awk -f src/base/csv.awk -f src/terms/units.awk src/terms/units.csv src/terms/unit_aliases.csv > $@

$(B)/gen/terms.inc: src/base/csv.awk src/terms/terms.awk mappings/mdc-loinc.csv src/terms/refid_aliases.csv
	@mkdir -p $(@D)
	$(call say,GEN,$@)
	$(Q)LC_ALL=C awk -f src/base/csv.awk -f src/terms/terms.awk mappings/mdc-loinc.csv src/terms/refid_aliases.csv > $@

LIMITS = mappings/mdc-loinc.csv src/terms/units.csv src/terms/limits.csv
$(B)/gen/limits.inc: src/base/csv.awk src/terms/limits.awk $(LIMITS)
	@mkdir -p $(@D)
	$(call say,GEN,$@)
	$(Q)LC_ALL=C awk -f src/base/csv.awk -f src/terms/limits.awk $(LIMITS) > $@
