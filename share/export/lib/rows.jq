# rows.jq: rows of a table as CSV (RFC 4180), and what tables say of a choice; bi-exports(5).

# Spreadsheets take a text that begins so for a formula, also in wide characters; some remove blanks before it.
def guard: if test("^[ \"'\\t\\r\\n]*[=+\\-@＝＋－＠]|^[\\t\\r\\n]") then "'" + . else . end;

def cell: if type == "string" then "\"" + (guard | split("\"") | join("\"\"")) + "\"" elif . == null then "" else tostring end;

# Of an array of strings, numbers, booleans and nulls.
def row: map(cell) | join(",") + "\r\n";

def words: map(select(type == "string" and . != "")) | join("; ");

# Of a choice or a decision: its licences and their addresses.
def licences: [.credit.licenses[]?.name] | words;
def licence_urls: [.credit.licenses[]?.url] | words;

# Of a choice: what each reviewer remarked, as in "ada: 4; bob: 5".
def remarks($key):
	[.reviewers[]? | select(has($key)) | .reviewer + (if .[$key] == true then "" else ": \(.[$key])" end)] | join("; ");
