/*
 * The error codes of bi-records(5) in words, for the home page and /add/. The review pages have the same (page.jq).
 */
const words = await (await fetch(new URL('failures.json', import.meta.url))).json().catch(() => ({}));

export function failureWords(code) {
	const [, status] = /^http_(\d{3})$/.exec(code) || [];

	if (Object.hasOwn(words, code))
		return words[code];
	return status ? (status >= '500' ? 'server error' : 'refused') + ' (' + status + ')' : String(code).replaceAll('_', ' ');
}

/* The kinds of failures, the most frequent first: [words, how many]. Codes with the same words are one kind. */
export function failureKinds(failures) {
	const kinds = new Map();

	for (const [code, n] of Object.entries(failures || {}))
		kinds.set(failureWords(code), (kinds.get(failureWords(code)) || 0) + (Number.isFinite(n) && n > 0 ? n : 0));
	return [...kinds].sort((a, b) => b[1] - a[1]);
}
