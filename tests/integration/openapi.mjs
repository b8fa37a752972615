/*
 * openapi.mjs DOCUMENT METHOD PATH STATUS <ANSWER: whether the answer is one that the OpenAPI document describes. Knows the
 * keywords of JSON Schema that the document has, and refuses others. Without METHOD it lists the operations.
 */
import fs from 'node:fs';

const [file, method, path, status] = process.argv.slice(2);
const doc = JSON.parse(fs.readFileSync(file, 'utf8'));
const wrong = [];

const kind = (v) => v === null ? 'null' : Array.isArray(v) ? 'array' : Number.isInteger(v) ? 'integer' : typeof v;
const fits = (v, type) => kind(v) === type || (type === 'number' && kind(v) === 'integer');
const errors = (schema, v) => {
	const before = wrong.length;

	check(schema, v, '');
	return wrong.splice(before);
};
const rules = {
	$ref: (name, v, at) => check(doc.components.schemas[name.replace('#/components/schemas/', '')], v, at),
	type: (types, v, at) => [].concat(types).some((t) => fits(v, t)) || wrong.push(`${at} is of the type ${kind(v)}, not ${types}`),
	const: (value, v, at) => v === value || wrong.push(`${at} is ${JSON.stringify(v)}, not ${value}`),
	enum: (values, v, at) => values.includes(v) || wrong.push(`${at} is ${JSON.stringify(v)}, none of ${values}`),
	minimum: (n, v, at) => typeof v !== 'number' || v >= n || wrong.push(`${at} is ${v}, less than ${n}`),
	maximum: (n, v, at) => typeof v !== 'number' || v <= n || wrong.push(`${at} is ${v}, more than ${n}`),
	required: (names, v, at) => names.forEach((name) => name in v || wrong.push(`${at} has no ${name}`)),
	properties: (all, v, at) => Object.keys(all).forEach((name) => name in v && check(all[name], v[name], `${at}.${name}`)),
	items: (one, v, at) => Array.isArray(v) && v.forEach((x, i) => check(one, x, `${at}[${i}]`)),
	allOf: (all, v, at) => all.forEach((one) => check(one, v, at)),
	oneOf: (all, v, at) => all.filter((one) => !errors(one, v).length).length === 1 || wrong.push(`${at} is not one of ${all.length}`),
};

function check(schema, v, at) {
	if (!schema)
		throw new Error(`${at}: a schema is missing`);
	if (schema.type && ![].concat(schema.type).some((t) => fits(v, t)))
		return rules.type(schema.type, v, at);
	for (const [name, value] of Object.entries(schema)) {
		if (!rules[name])
			throw new Error(`the check does not know the keyword ${name}`);
		rules[name](value, v, at);
	}
}

if (!method) {
	for (const [path, all] of Object.entries(doc.paths))
		for (const name of Object.keys(all))
			console.log(name.toUpperCase(), path.slice(1, -1).replace(/\{\w+\}/g, '*'));
	process.exit(0);
}
const words = path.replace(/\?.*/, '').replace(/\/$/, '').split('/');
const fitting = Object.keys(doc.paths).filter(function (one) {
	const its = one.replace(/\/$/, '').split('/');

	return its.length === words.length && its.every((word, i) => word[0] === '{' || word === words[i]);
}).sort((a, b) => (a.match(/\{/g) || []).length - (b.match(/\{/g) || []).length);
const operation = fitting.length && doc.paths[fitting[0]][method.toLowerCase()];

if (!operation)
	throw new Error(`${method} ${path} is not described`);
const response = operation.responses[status] || (status >= 400 && operation.responses.default);

if (!response)
	throw new Error(`${method} ${path}: no answer with the status ${status} is described`);
const text = fs.readFileSync(0, 'utf8');

if (!response.content)
	text === '' || wrong.push('the answer has a body');
else
	check(response.content['application/json'].schema, JSON.parse(text), 'the answer');
wrong.forEach((line) => console.log(line));
process.exit(wrong.length ? 1 : 0);
