/*
 * poll.mjs URL NOTEBOOK JOB N: asks for the status of a job as pages do that do not use bi.js: each follower asks, and
 * asks again two seconds after the answer, or six. Half of them use fetch(), which closes idle connections itself after
 * four seconds, and half the agent of node:http, as older libraries do, which waits as long as the server announces. A request that fails ends the program, as no follower catches anything. The
 * program is as busy as a page can be: often its timers and sockets wait for seconds.
 */
import http from 'node:http';

const [url, notebook, job, n] = process.argv.slice(2);
const FOLLOWERS = 50;
const agent = new http.Agent({keepAlive: true});
const BUSY = 3000; /* milliseconds at most, at once */
let answers = 0;

const path = `${url}/notebooks/${notebook}/batch-jobs/${job}/status/`;

async function askByFetch() {
	const response = await fetch(path, {credentials: 'include'});

	if (!response.ok)
		throw new Error('status ' + response.status);
	return response.json();
}

function askByAgent() {
	return new Promise(function (resolve, reject) {
		http.get(path, {agent}, function (response) {
			let text = '';

			if (response.statusCode !== 200)
				reject(new Error('status ' + response.statusCode));
			response.on('data', (piece) => (text += piece));
			response.on('error', reject);
			response.on('end', () => resolve(JSON.parse(text)));
		}).on('error', reject);
	});
}

async function follow(ask, every) {
	const {batch_job} = await ask();

	if (!['pending', 'processing'].includes(batch_job.status))
		throw new Error('the job is ' + batch_job.status);
	if (++answers < n)
		setTimeout(follow, every, ask, every);
	if (answers === Number(n)) {
		console.log(`${n} answers`);
		process.exit(0);
	}
}

function beBusy() {
	const until = Date.now() + Math.random() * BUSY;

	while (Date.now() < until)
		;
	setTimeout(beBusy, Math.random() * 3000);
}

for (let i = 0; i < FOLLOWERS; i++)
	setTimeout(follow, i * 100, i % 2 ? askByFetch : askByAgent, i % 2 ? 2000 : 6000);
beBusy();
