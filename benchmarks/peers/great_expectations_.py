"""Great Expectations on pandas: required, patterns, vocabularies, unique keys and references as sets.

Left out: the calendar of dates and every rule about more than one column.
"""

import great_expectations as gx
import great_expectations.expectations as gxe
import pandas as pd
from common import EDTF, LARGE, SMALL, fields, path, references, terms

context = gx.get_context(mode="ephemeral")
source = context.data_sources.add_pandas("package")
vocabularies = terms()
small = {n: pd.read_csv(path(n), dtype="str") for n in SMALL}
for name in LARGE:
    frame = pd.read_csv(path(name), dtype="str")
    suite = gx.ExpectationSuite(name=name)
    for field in fields(name):
        column, rules = field["name"], field["constraints"]
        if rules.get("required"):
            suite.add_expectation(gxe.ExpectColumnValuesToNotBeNull(column=column))
        if field["key"]:
            suite.add_expectation(gxe.ExpectColumnValuesToBeUnique(column=column))
        if pattern := EDTF if field.get("edtf") else rules.get("pattern"):
            suite.add_expectation(gxe.ExpectColumnValuesToMatchRegex(column=column, regex=pattern))
        if field.get("vocabulary") and not field.get("delimiter"):
            suite.add_expectation(
                gxe.ExpectColumnValuesToBeInSet(column=column, value_set=vocabularies[field["vocabulary"]])
            )
    for column, parent, target in references(name):
        if parent in small:
            values = small[parent][target].tolist()
            suite.add_expectation(gxe.ExpectColumnValuesToBeInSet(column=column, value_set=values))
    batch = source.add_dataframe_asset(name).add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
    result = batch.validate(suite, result_format="BASIC")
    print(name, sum(r.result.get("unexpected_count", 0) for r in result.results))
