// Prints what the official parser says of a document, as a JSON list; `source` is where it lies, for its references.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [installed, source] = process.argv.slice(2);
const { Parser } = createRequire(pathToFileURL(`${installed}/package.json`))('@asyncapi/parser');
const { diagnostics } = await new Parser().parse(await readFile(source, 'utf8'), { source });
console.log(JSON.stringify(diagnostics.map(({ code, message, path, severity }) => ({ code, message, path, severity }))));
