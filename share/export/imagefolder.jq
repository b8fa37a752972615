# export members pictures
# The imagefolder of Hugging Face's datasets: one split, train, with a metadata.csv beside its pictures; bi-exports(5).
include "rows";

def member($text): {member: "train/metadata.csv", text: $text};

member(["file_name", "label", "subject", "category", "title", "author", "license", "license_url", "source", "width", "height",
	"sha256"] | join(",") + "\r\n"),
(inputs
 | .choices[0] as $c
 # Behind "images/" no name of a file is taken for a formula.
 | "images/\(.name)" as $file
 | {member: "train/\($file)", source},
   member([$file, $c.name // .id, .id, $c.category, $c.credit.title, $c.credit.author, ($c | licences), ($c | licence_urls),
	   $c.credit.source // $c.credit.page, .width, .height, $c.sha256] | row))
