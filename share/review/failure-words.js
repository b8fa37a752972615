/*
 * The error codes of bi-records(5) in words, for the home page and /add/.
 */
const words = {
	resolve_failed: 'host not found', connect_failed: 'no connection', timeout: 'timed out', cut_short: 'ended too early',
	send_failed: 'request not sent', no_answer: 'no answer', protocol_error: 'invalid answer', tls_failed: 'no secure connection',
	tls_untrusted: 'untrusted certificate', bad_url: 'not an http or https address', bad_redirect: 'redirected to nowhere',
	too_many_redirects: 'too many redirects', host_given_up: 'host refuses', host_busy: 'host busy', blocked_address: 'address not allowed',
	agent_refused: 'host refuses programs', opted_out: 'site forbids this use', out_of_memory: 'out of memory', transfer_failed: 'transfer failed',
	empty: 'empty', page_instead: 'a page instead of the file', not_whole: 'incomplete file', size_mismatch: 'not the expected file',
	hash_mismatch: 'not the expected file', not_accepted: 'type not accepted', too_large: 'too large', bad_page: 'page without media',
	no_such_file: 'no such file', unreadable_file: 'unreadable file', not_a_file: 'not a file', file_changed: 'file changed',
	upload_lost: 'upload lost', file_lost: 'file lost', deleted: 'deleted', cancelled: 'cancelled', system_error: 'this machine failed',
	no_url: 'no address', bad_subject: 'invalid subject', no_candidates: 'nothing found', no_query: 'nothing to search for',
	archive_damaged: 'damaged archive', archive_encrypted: 'encrypted archive', not_an_archive: 'not an archive',
	archive_empty: 'empty archive', archive_unsupported: 'unknown kind of archive', member_encrypted: 'encrypted',
	member_unsupported: 'packed by an unknown method', member_damaged: 'damaged',
};
const statuses = {401: 'access denied', 403: 'access denied', 404: 'not found', 410: 'gone', 429: 'too many requests'};

export function failureWords(code) {
	const [, status] = /^http_(\d{3})$/.exec(code) || [];

	if (status)
		return (statuses[status] || (status >= '500' ? 'server error' : 'refused')) + ' (' + status + ')';
	return Object.hasOwn(words, code) ? words[code] : String(code).replaceAll('_', ' ');
}

/* The kinds of failures, the most frequent first: [words, how many]. Codes with the same words are one kind. */
export function failureKinds(failures) {
	const kinds = new Map();

	for (const [code, n] of Object.entries(failures || {}))
		kinds.set(failureWords(code), (kinds.get(failureWords(code)) || 0) + (Number.isFinite(n) && n > 0 ? n : 0));
	return [...kinds].sort((a, b) => b[1] - a[1]);
}
