/*
 * What a decision is: {choice, by, at} and the remarks, of which each may be missing: {unsure, stars, reason, note}.
 * A choice is the number of a candidate, 0 for none of them, or null for no decision. In a batch with several picks a
 * subject it is a list of numbers in the order of the reviewer; a number there was picked before that was allowed.
 */
'use strict';
const decision = (function () {
	const noteMost = 2000; /* bytes, as the server allows */

	function isCandidate(value) {
		return Number.isInteger(value) && value > 0 && value < 1e9;
	}

	function isChoice(value) {
		return value === null || value === 0 || isCandidate(value) ||
			(Array.isArray(value) && value.length > 0 && value.every(isCandidate));
	}

	/* The chosen candidates, in their order. */
	function chosen(choice) {
		return Array.isArray(choice) ? choice : choice ? [choice] : [];
	}

	/* Equal for equal choices. */
	function keyOf(choice) {
		return choice === null ? '' : chosen(choice).join(',') || '0';
	}

	function nth(n) {
		const ends = {one: 'st', two: 'nd', few: 'rd', other: 'th'};

		return n + ends[new Intl.PluralRules('en', {type: 'ordinal'}).select(n)];
	}

	/* "undecided", "none of them", "candidate 3", "candidates 3, 1". */
	function words(choice) {
		const list = chosen(choice);

		if (choice === null)
			return 'undecided';
		return list.length === 0 ? 'none of them' : (list.length === 1 ? 'candidate ' : 'candidates ') + list.join(', ');
	}

	/* Whether VALUE says of a candidate which licence is right: {"3": "CC BY 4.0"}. */
	function isLicences(value) {
		return value !== null && typeof value === 'object' && Object.keys(value).length > 0 &&
			Object.entries(value).every(([idx, text]) => /^[1-9][0-9]*$/.test(idx) && typeof text === 'string' && text !== '');
	}

	/* The remarks among the members of O, without empty ones. */
	function remarksOf(o) {
		const remarks = {};

		if (o && o.unsure === true)
			remarks.unsure = true;
		if (o && Number.isInteger(o.stars) && o.stars >= 1 && o.stars <= 5)
			remarks.stars = o.stars;
		for (const key of ['reason', 'note'])
			if (o && typeof o[key] === 'string' && o[key] !== '')
				remarks[key] = o[key];
		if (o && isLicences(o.licence))
			remarks.licence = o.licence;
		return remarks;
	}

	/* REMARKS for another choice: a reason is of one reject. */
	function withoutReason(remarks) {
		return remarksOf({...remarks, reason: ''});
	}

	function hasRemarks(remarks) {
		return Object.keys(remarks).length > 0;
	}

	/* "unsure", "4 stars", "reason: blurred", "note: ask Bob", each cut to MOST characters. */
	function remarkWords(remarks, most = Infinity) {
		const cut = (text) => text.length > most ? text.slice(0, most).replace(/[\uD800-\uDBFF]$/, '') + '…' : text;

		return [remarks.unsure ? 'unsure' : '', remarks.stars ? remarks.stars + (remarks.stars === 1 ? ' star' : ' stars') : '',
			remarks.reason ? 'reason: ' + remarks.reason : '', remarks.note ? 'note: ' + remarks.note : '',
			...Object.entries(remarks.licence || {}).map(([idx, text]) => 'licence of ' + idx + ': ' + text)].filter(Boolean).map(cut);
	}

	function isSame(a, b) {
		return keyOf(a.choice) === keyOf(b.choice) && JSON.stringify(remarksOf(a)) === JSON.stringify(remarksOf(b));
	}

	/* TEXT without control characters, cut to the bytes that a note may have. */
	function noteOf(text) {
		const bytes = new TextEncoder();
		const characters = [...text.replace(/\r\n?/g, '\n').replace(/[^\P{Cc}\n\t]/gu, '').trim()];

		while (bytes.encode(characters.join('')).length > noteMost)
			characters.length -= Math.ceil((bytes.encode(characters.join('')).length - noteMost) / 4);
		return characters.join('').trim();
	}

	return {
		chosen: chosen, hasRemarks: hasRemarks, isChoice: isChoice, isSame: isSame, keyOf: keyOf, nth: nth, noteOf: noteOf,
		remarksOf: remarksOf, remarkWords: remarkWords, withoutReason: withoutReason, words: words,
	};
})();
