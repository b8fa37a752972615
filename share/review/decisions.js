/*
 * Decides, and undoes what was decided in this tab: on the page of a subject and on submit.html. The session keeps what can
 * be undone for the next page that is loaded.
 */
'use strict';
const decisions = (function () {
	const most = 1000;
	let undone = picks.session.get('undo') || []; /* {subject, before, after}, of which these are {choice, remarks} */

	function keep(list) {
		undone = list.slice(-most);
		/* A full storage keeps the latest ones for the next page. */
		for (let n = undone.length; n > 0 && !picks.session.set('undo', undone.slice(-n)); n >>= 1)
			;
		if (undone.length === 0)
			picks.session.set('undo', []);
	}

	/* The present decision of this reviewer. */
	function present(subject) {
		const known = picks.of(subject);

		return {choice: known.mine, remarks: known.remarks};
	}

	/* What was before an entry; before there were remarks, that was only the choice. */
	function beforeOf(entry) {
		return entry.before && typeof entry.before === 'object' && 'remarks' in entry.before ? entry.before :
			{choice: entry.before, remarks: {}};
	}

	function isPresent(subject, {choice, remarks}) {
		const now = present(subject);

		return decision.isSame({choice, ...remarks}, {choice: now.choice, ...now.remarks});
	}

	/* Stores a decision, and asks once for the reviewer's name. Resolves to true if it is stored. */
	async function store(subject, choice, remarks) {
		if (!picks.decide(subject, choice, remarks)) {
			review.warn(review.nothingKept);
			return false;
		}
		if (picks.reviewer() === null && !document.querySelector('dialog#who'))
			await review.askName();
		return true;
	}

	/* Decides so that it can be undone. Resolves to true if the decision is stored. */
	async function decide(subject, choice, remarks) {
		const before = present(subject);

		/* At once, so that the next key is for what this one made. */
		keep(undone.concat([{subject, before, after: {choice, remarks: decision.remarksOf(remarks)}}]));
		if (await store(subject, choice, remarks))
			return true;
		keep(undone.slice(0, -1));
		return false;
	}

	/*
	 * Takes back the last decision of this tab, for any subject; if there is none, the choice for SUBJECT. Resolves to
	 * {subject, said}: the subject to show, and what was done in words; or null if there was nothing to undo, or it could not
	 * be stored. What another tab decided since stays.
	 */
	async function undo(subject) {
		const last = undone[undone.length - 1] || {subject, before: {choice: null, remarks: decision.withoutReason(present(subject).remarks)}};
		const before = beforeOf(last);

		picks.readKept();
		if (isPresent(last.subject, before) && undone.length === 0)
			return null;
		if (last.after && !isPresent(last.subject, last.after) && !isPresent(last.subject, before)) {
			keep(undone.filter((one) => one !== last));
			return {subject, said: 'Not undone: it was decided again elsewhere, and that stays'};
		}
		if (!isPresent(last.subject, before) && !await store(last.subject, before.choice, before.remarks))
			return null;
		keep(undone.filter((one) => one !== last));
		return {subject: last.subject, said: 'Undone: ' + decision.words(before.choice)};
	}

	return {decide: decide, undo: undo, count: () => undone.length};
})();
