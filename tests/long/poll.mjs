/*
 * poll.mjs URL NOTEBOOK JOB N: asks for the status of a job as pages do that do not use bi.js: each follower asks, and
 * asks again two seconds after the answer. A request that fails ends the program, as no follower catches anything. The
 * program is as busy as a page can be: often its timers and sockets wait for seconds.
 */
const [url, notebook, job, n] = process.argv.slice(2);
const FOLLOWERS = 25;
const EVERY = 2000;
const BUSY = 5000; /* milliseconds at most, at once */
let answers = 0;

async function ask() {
	const response = await fetch(`${url}/notebooks/${notebook}/batch-jobs/${job}/status/`, {credentials: 'include'});

	if (!response.ok)
		throw new Error('status ' + response.status);
	return response.json();
}

async function follow() {
	const {batch_job} = await ask();

	if (!['pending', 'processing'].includes(batch_job.status))
		throw new Error('the job is ' + batch_job.status);
	if (++answers < n)
		setTimeout(follow, EVERY);
	if (answers === Number(n)) {
		console.log(`${n} answers`);
		process.exit(0);
	}
}

function beBusy() {
	const until = Date.now() + Math.random() * BUSY;

	while (Date.now() < until)
		;
	setTimeout(beBusy, 1000 + Math.random() * 4000);
}

for (let i = 0; i < FOLLOWERS; i++)
	setTimeout(follow, i * 150);
beBusy();
