# decisions.jq: one object for each candidate and each reviewer who decided on its subject; bi-exports(5).
include "rows";

def decisions:
	inputs
	| . as $of
	| (.reviewers[]? // {decision: "undecided"})
	| {
		subject: $of.id, name: $of.name, category: $of.category, batch: $of.batch, candidate: $of.idx,
		decision: .decision, reviewer: .reviewer, at: .at, rank: .rank, stars: .stars, unsure: .unsure, reason: .reason, note: .note,
		disputed: $of.disputed, title: $of.credit.title, author: $of.credit.author, license: ($of | licences),
		license_url: ($of | licence_urls), source: $of.credit.source, page: $of.credit.page, url: $of.item.url, status: $of.status,
		sha256: $of.sha256, bytes: $of.bytes, mime: $of.mime, width: ($of.item.width // $of.item.original_width),
		height: ($of.item.height // $of.item.original_height), path: $of.path
	};
