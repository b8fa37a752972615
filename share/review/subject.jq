# ID_review.html: one subject and its candidates.
include "page";

def fact_name:
	{"birth_date": "Born", "death_date": "Died", "first_names": "First names"}[.]
	// (split("_") | join(" ") | (.[:1] | ascii_upcase) + .[1:]);

def fact($key): [.facts[] | select(.[0] == $key) | .[1]][0];

# The dates of the subject's life, in one line.
def life:
	fact("birth_date") as $born | fact("death_date") as $died
	| if $born and $died then "<p class=\"life\">" + ($born | date) + " to " + ($died | date) + "</p>\n"
	elif $born then "<p class=\"life\">Born " + ($born | date) + "</p>\n"
	elif $died then "<p class=\"life\">Died " + ($died | date) + "</p>\n"
	else "" end;

def biography:
	fact("biography") | if . then @html "<p class=\"biography\" dir=\"auto\">\(.)</p>\n" else "" end;

def facts:
	[.facts[] | select(.[0] | IN("birth_date", "death_date", "biography") | not)]
	| if length == 0 then "" else
		"<dl class=\"facts\">\n"
		+ ([.[] | @html "<div><dt>\(.[0] | fact_name)</dt><dd>" + (.[1] | date) + "</dd></div>\n"] | concat)
		+ "</dl>\n"
	end;

# The name of a type for people.
def type_name:
	{"image/jpeg": "JPEG", "image/svg+xml": "SVG"}[.]
	// (if startswith("image/") then .[6:] | ltrimstr("x-") | ascii_upcase else . end);

# What a file is: "PDF, 12 pages", "Video", "JPEG".
def kind_name:
	if .pages then "PDF, \(plural(.pages; "page"; "pages"))"
	elif .thumb then .mime | type_name
	else .kind // "File" end;

# The size in pixels, the shape, the kind and the size of the file. kinds.js adds how long sound and video are.
def measures:
	[
		(if .width and (.pages | not) then "\(.width) × \(.height)", .aspect else empty end | values),
		kind_name,
		(.bytes | bytes)
	] | join(" · ");

def badge($kind; $text): @html "<li class=\"badge \($kind)\">\($text)</li>";

# What a licence does not allow, in a word or two.
def right: {non_free: "not free", nc: "not for commerce", nd: "no changes", unknown: "unknown licence"}[.];

# The other subjects with the same file, a few of them with links to their cards.
def also_marks:
	(.[:4][] | @html "<li class=\"badge also\">also under "
		+ (if .href then @html "<a href=\"\(.href)\"><bdi>\(.name // .subject)</bdi></a>" else @html "<bdi>\(.name // .subject)</bdi>" end) + "</li>"),
	(if length > 4 then badge("also"; "and under \(length - 4) more") else empty end);

# A source that contradicts another: its address, or its name.
def source_of: if .page then .page | outside("source") elif .where then @html "<bdi>\(.where)</bdi>" else "source unknown" end;

# The question which of the licences that are stated is right; which.js.
def which_licence:
	.idx as $idx
	| if .stated then
		@html "<fieldset class=\"which\" hidden><legend>The sources contradict each other. Which licence is right?</legend>\n"
		+ ([.stated[] | @html "<p><label><input type=\"radio\" name=\"licence-\($idx)\" value=\"\(.licence)\"> <span>\(.licence)</span></label> " + source_of + "</p>\n"] | concat)
		+ @html "<p><label><input type=\"radio\" name=\"licence-\($idx)\" value=\"\" checked> <span>Not sure</span></label></p>\n<p class=\"quiet counts\"></p></fieldset>\n"
	else "" end;

def badges:
	[
		(if is_tiny then badge("poor"; "under 200 pixels") else empty end),
		(if .blurred then badge("poor"; "blurred") else empty end),
		(if .animated then badge("plain"; "animated") else empty end),
		(if .vector and (.pages | not) then badge("plain"; "vector") else empty end),
		(if .same_as then badge("plain"; "same file as \(.same_as)")
		elif .near then badge("plain"; "similar to \(.near)")
		else empty end),
		(.rights // [] | .[] | badge("rights"; right)),
		(.stated // [] | .[1:][] | badge("rights"; "another source says \(.licence)")),
		(.authors // [] | .[1:][] | badge("plain"; "another source names \(.author)")),
		(.also // [] | also_marks)
	] | if length == 0 then "" else "<ul class=\"badges\">" + concat + "</ul>\n" end;

# The details of a candidate, one per line. If the whole batch has no licences, panel says so once.
def details($batch):
	[
		(if .license then @html "<li>Licence: \(.license)</li>"
		elif $batch.unlicensed then empty
		else "<li class=\"poor\">No licence stated</li>" end),
		(if .text and .why then @html "<li>\(.why)</li>" else empty end),
		(.author // empty | @html "<li>By: <bdi>\(.)</bdi></li>"),
		(.credit // empty | @html "<li>Credit: <bdi>\(.)</bdi></li>"),
		(.restrictions // empty | @html "<li class=\"poor\">Restricted: \(join(", "))</li>"),
		(.date // empty | @html "<li>Date: <bdi>\(.)</bdi></li>"),
		(.description // empty | @html "<li>Description: <bdi>\(.)</bdi></li>"),
		(if .original_width then @html "<li>Original: \(.original_width) × \(.original_height)\(if .original_bytes then " · \(.original_bytes | bytes)" else "" end)</li>" else empty end),
		(if .score then @html "<li>Score: \(.score)\(if .score_why then " (\(.score_why))" else "" end)</li>" else empty end),
		([
			(if .page then .page | outside("Source page") else empty end),
			(if .url then .url | outside("URL of the file") else empty end),
			(if .file and (.shows and (.vector | not) | not) then @html "<a href=\"\(.file)\" download>Download \(.file)</a>" else empty end)
		] | if length == 0 then empty else "<li class=\"links\">" + join(" ") + "</li>" end)
	] | join("\n");

def heading: .title // .doc_title // "Candidate \(.idx)";

# The picture of a page of a document.
def page_picture($page): "pages/" + (.thumb | ltrimstr("thumbs/") | rtrimstr(".webp")) + "_\($page).webp" + version;

# What loupe.js shows of a candidate: a file, and of a document the pictures of its pages, or the text on its card.
def zoom_data:
	if .player then @html " data-src=\"\(.file)\(version)\" data-player=\"\(.player)\""
	elif (.drawn // 0) > 0 then @html " data-src=\"\(page_picture(1))\" data-drawn=\"\(.drawn)\" data-pages=\"\(.pages)\""
	elif .thumb and .shows then @html " data-src=\"\(.file)\(version)\""
	elif .thumb then @html " data-src=\"\(.thumb)\(version)\""
	elif .text then " data-text"
	else null end;

# Full size: a link, which loupe.js opens in a dialog. A drawing must not be opened as a document, so without a script
# there is no link; of a text that is not in the review there is none either.
def zoom:
	"<svg viewBox=\"0 0 16 16\" width=\"16\" height=\"16\" aria-hidden=\"true\"><path d=\"M9.5 2.5h4v4m0-4L9 7m-2.5 6.5h-4v-4m0 4L7 9\"/></svg>" as $sign
	| (@html "<span class=\"unseen\">Full size of candidate \(.idx)</span>") as $text
	| zoom_data as $data
	| if $data == null or .player then ""
	elif .file and (.vector | not) and (.shows or .text) then
		@html "<a class=\"zoom\" href=\"\(.file)\(version)\" target=\"_blank\" rel=\"noopener\" data-zoom=\"\(.idx)\"" + $data + ">" + $sign + $text + "</a>"
	else
		@html "<button type=\"button\" class=\"zoom\" data-zoom=\"\(.idx)\"" + $data + " hidden>" + $sign + $text + "</button>"
	end;

# The pictures of a page with very many are fetched as they are scrolled to.
def lazy: if .idx > 60 then " loading=\"lazy\"" else "" end;

def pick_button($name; $class): @html "<button type=\"button\" class=\"\($class)\" data-pick=\"\(.idx)\" aria-pressed=\"false\" aria-label=\"Pick candidate \(.idx) for \($name)\">";

# Few players ask for their beginnings at once.
def player($name):
	@html "<\(.player) controls preload=\"\(if .idx > 12 then "none" else "metadata" end)\" src=\"\(.file)\(version)\" aria-label=\"Candidate \(.idx): \(.title // $name)\"></\(.player)>";

def text_block: @html "<span class=\"excerpt\" dir=\"auto\">\(.text)\(if .cut then "…" else "" end)</span>";

# The picture of a candidate, or its player, or the beginning of its text. What cannot be in a button has the button below.
def shot($name):
	if .player then
		@html "<div class=\"shot player \(.player)\">" + player($name)
		+ @html "<span class=\"number\" aria-hidden=\"true\">\(.idx)</span></div>\n"
		+ pick_button($name; "pick take") + @html "Pick \(.idx)</button>\n"
	else
		"<div class=\"shot\">" + pick_button($name; "pick")
		+ (if .thumb then
			@html "<img src=\"\(.thumb)\(version)\" width=\"\(.thumb_width)\" height=\"\(.thumb_height)\"" + lazy + @html " alt=\"Candidate \(.idx): \(.title // .doc_title // $name)\">"
		elif .text then
			@html "<span class=\"blank text\"><strong>\(kind_name)</strong>" + text_block + "</span>"
		else
			@html "<span class=\"blank\"><strong>\(kind_name)</strong><span>\(.why // "")</span></span>"
		end)
		+ @html "</button>
<span class=\"number\" aria-hidden=\"true\">\(.idx)</span>"
		+ zoom
		+ "</div>\n"
	end;

# The text of a document whose card shows a picture of it.
def beside:
	if .thumb and .text then "<div class=\"beside\"><h3>Text</h3><p dir=\"auto\">" + @html "\(.text)\(if .cut then "…" else "" end)</p></div>\n" else "" end;

# Whether it is neither a picture nor sound or video, so that one may have to download it to see all of it.
def is_document: .file and (.player or (.thumb and (.pages | not)) | not);

def candidate($name; $batch):
	@html "<article class=\"candidate\" id=\"c\(.idx)\" data-idx=\"\(.idx)\" data-changed=\"\(.file_changed_at // "")\" data-bytes=\"\(.bytes // 0)\" data-width=\"\(.width // 0)\"" + (if .rights then @html " data-rights=\"\(.rights | join(" "))\"" else "" end) + @html " aria-label=\"Candidate \(.idx)\">
" + shot($name)
	+ @html "<div class=\"caption\"><h2><bdi>\(heading)</bdi></h2>
<p class=\"short\">\([(if .original_width then "\(.original_width) × \(.original_height)" elif .width and (.pages | not) then "\(.width) × \(.height)" elif .thumb and (.pages | not) then empty else kind_name end), .license // empty] | join(" · "))</p>
" + (if is_document then @html "<a class=\"get\" href=\"\(.file)\" download aria-label=\"Download \(.file)\">Download</a>\n" else "" end)
	+ "</div>
" + badges + which_licence
	+ "<p class=\"who\" hidden></p>
" + (if .file_changed_at then "<p class=\"changed\" hidden></p>
" else "" end)
	+ @html "<div class=\"about\"><p class=\"measures\">\(measures)</p>
<ul>
" + details($batch)
	+ "\n</ul>" + beside + "</div></article>\n";

# The candidate under which the candidate $idx is folded, directly or through others; itself if there is none.
def front($under; $idx):
	def follow($at; $left):
		$under["\($at)"] as $next
		| if $next and $left > 0 then follow($next; $left - 1) else $at end;
	follow($idx; 16);

# The candidates in front, each followed by a fold of those that are similar to it.
def groups($name; $batch):
	. as $all
	| ([.[] | {key: "\(.idx)", value: true}] | from_entries) as $there
	| ([.[] | (.same_as // .near) as $to | select($to and $there["\($to)"]) | {key: "\(.idx)", value: $to}] | from_entries) as $under
	| ([.[] | front($under; .idx) as $front | select($front != .idx) | {front: $front, it: .}]
		| group_by(.front) | map({key: "\(.[0].front)", value: map(.it)}) | from_entries) as $folded
	| $all[]
	| select(front($under; .idx) == .idx)
	| ($folded["\(.idx)"] // []) as $like
	| if ($like | length) == 0 then candidate($name; $batch) else
		"<div class=\"group\">\n" + candidate($name; $batch)
		+ @html "<details class=\"alike\"><summary>\($like | length) similar: \([$like[].idx] | listed)</summary>
<div class=\"folded\">
"
		+ ([$like[] | candidate($name; $batch)] | concat) + "</div></details></div>\n"
	end;

# The items that failed, with a button that has them fetched again; failed.js.
def failures($batch):
	[.candidates[] | select(.failed)] as $failed
	| if ($failed | length) == 0 then "" else
		@html "<section class=\"failures\" id=\"failures\" data-items=\"\([$failed[].item] | join(" "))\" aria-labelledby=\"failures-title\">
<div class=\"top-line\"><h2 id=\"failures-title\">\(plural($failed | length; "item"; "items")) failed</h2>
<button type=\"button\" class=\"button\" id=\"again\" hidden>Try again</button></div>
<p id=\"again-said\" role=\"status\" hidden></p>
<ul>\n"
		+ ([$failed[] | @html "<li><strong>\(.idx)</strong> <span class=\"why\">\(plain)</span>"
			+ (host | if . then @html " <b class=\"host\" dir=\"ltr\">\(.)</b>" else "" end)
			+ "<details><summary>Details</summary><p>" + (.url // .from // "" | if test("^https?://"; "i") then outside(.) else @html "\(printable)" end)
			+ @html "</p><p>\(.failed | printable)</p></details></li>\n"] | concat)
		+ "</ul></section>\n"
	end;

# Why there is nothing to choose.
def nothing:
	([.candidates[] | select(.failed)] | length) as $failed
	| "<p class=\"empty nothing\"><strong>Nothing to choose.</strong> "
	+ (if .waiting > 0 then "No file of this subject is fetched yet."
	elif $failed == 1 then "The only item of this subject failed."
	else "All \($failed) items of this subject failed." end) + "</p>\n";

def step_link($to; $rel; $text):
	if $to then @html "<a class=\"button \($rel)\" rel=\"\($rel)\" id=\"\($rel)\" href=\"\($to)_review.html\">\($text)</a>\n"
	else @html "<span class=\"button off \($rel)\">\($text)</span>\n" end;

# The control that hides candidates by their rights, where there are such; rights.js.
def free_only:
	if any(.candidates[]; .rights and (.failed | not)) then
		"<p class=\"free-only\" hidden><label><input type=\"checkbox\" id=\"free-only\"> Hide what is not free for any use</label> <span class=\"quiet\" id=\"unfree\" role=\"status\"></span></p>\n"
	else "" end;

# The panel beside the pictures: the controls, which never move, the decision, and the subject.
def panel($batch):
	@html "<div class=\"panel\">
<div class=\"controls\">
<p class=\"quiet place\">\(.position) of \($batch.subjects)<span id=\"decided\"></span></p>
<button type=\"button\" class=\"button\" data-pick=\"0\" aria-pressed=\"false\" hidden>None <kbd>0</kbd></button>
<button type=\"button\" class=\"button\" id=\"undo\" hidden>Undo <kbd>u</kbd></button>
"
	+ step_link(.prev; "prev"; "Back") + step_link(.next; "next"; "Next")
	+ @html "<a class=\"button\" id=\"undecided\" href=\"\(.index)\" hidden><span><span class=\"more\">Next </span>undecided</span> <kbd>n</kbd></a>
<label class=\"size\" hidden>Size <input type=\"range\" id=\"size\" min=\"0\" max=\"10\" step=\"1\"></label>
<button type=\"button\" class=\"button\" id=\"inform\" aria-pressed=\"false\" hidden>Details <kbd>i</kbd></button>
</div>
<div class=\"person\"><h1 title=\"\(.name)\"><bdi>\(.name)</bdi></h1>
" + life + "</div>
<div class=\"decision\" id=\"decision\" hidden>
<p id=\"state\" role=\"status\"></p>
<ul id=\"others\" hidden></ul>
</div>
" + free_only + "<div class=\"life-story\">\n" + biography + facts + "</div>
<section class=\"details\" id=\"details\" aria-label=\"Details of the candidate with the focus\" hidden></section>
"
	+ (if $batch.unlicensed then "<p class=\"quiet unlicensed\">No file of this batch has a stated licence.</p>\n" else "" end)
	+ "</div>
";

# The numbers of these candidates, "1-9 11", by which one that is on another page is picked.
def ranges:
	[.[].idx] | sort
	| reduce .[] as $n ([]; if length > 0 and .[-1][1] == $n - 1 then .[-1][1] = $n else . + [[$n, $n]] end)
	| [.[] | if .[0] == .[1] then "\(.[0])" else "\(.[0])-\(.[1])" end] | join(" ");

# A page for each 500 candidates, or groups of similar ones.
def subject_page($batch):
	def per_page: 500;
	def file($id): "\($id)_review" + (if . == 1 then "" else "-\(.)" end) + ".html";
	. as $s
	| ([.candidates[] | select(.failed | not)]) as $shown
	| [$shown | groups($s.name; $batch)] as $groups
	| ([($groups | length) / per_page | ceil, 1] | max) as $last
	| (if $last > 1 then @html " data-numbers=\"\($shown | ranges)\"" else "" end) as $numbers
	| range(1; $last + 1) as $page
	| {name: ($page | file($s.id)), text: (
		($batch | page_head("\($s.name) · \(batch_title)"; "subject"; ["loupe.js", "rows.js", "rights.js", "kinds.js", "failed.js", "turn.js", "decisions.js", "which.js", "remarks.js", "subject.js"];
			@html " data-subject=\"\($s.id)\" data-index=\"\($s.index)\" data-name=\"\($s.name)\" data-next=\"\(if $s.onward then "\($s.onward)_review.html" else "submit.html" end)\" data-preload=\"\($s.next_files // [] | join(" "))\"" + $numbers))
		+ ($batch | bar("subject"; $s.index))
		+ "<main id=\"main\" class=\"review\">\n"
		+ notice
		+ panel($batch)
		+ "<div class=\"pictures\">\n"
		+ (if .waiting > 0 then @html "<p class=\"quiet\">\(plural(.waiting; "item is"; "items are")) not fetched yet. Run bi-render again later.</p>\n" else "" end)
		+ (if ($shown | length) == 0 then nothing else "" end)
		+ (if ($shown | length) > 0 then
			"<div class=\"candidates\">\n" + ($groups[($page - 1) * per_page:$page * per_page] | concat) + "</div>\n"
			+ page_links($page; $last; "Pages of candidates"; file($s.id))
		else "" end)
		+ (if $page == 1 then failures($batch) else "" end)
		+ "</div>\n</main>\n" + page_tail)};
