// The processes that the bench starts: pinned to two processors, ended by pid, never left behind.

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

const END_TIMEOUT_MS = 15_000;

export const children = new Set();

process.on('exit', () => {
    for (const child of children) {
        if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    }
});

// The processors this process may run on, as numbers.
function allowedProcessors() {
    const status = readFileSync('/proc/self/status', 'utf8');
    const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(status)[1];
    return list.split(',').flatMap((range) => {
        const [first, last = first] = range.split('-').map(Number);
        return Array.from({ length: last - first + 1 }, (_, i) => first + i);
    });
}

const processors = allowedProcessors();
export const usedProcessors = processors.slice(0, 2);

// Load, gateway and sink share the same two processors, so that machines can be compared.
export function pinned(command) {
    if (processors.length <= 2) return command;
    return ['taskset', '-c', usedProcessors.join(','), ...command];
}

// SIGTERM, and SIGKILL when that was not enough.
export async function endChild(child) {
    if (child.exitCode === null && child.signalCode === null) {
        const ended = new Promise((resolve) => child.once('exit', resolve));
        const timer = setTimeout(() => child.kill('SIGKILL'), END_TIMEOUT_MS);
        child.kill('SIGTERM');
        await ended;
        clearTimeout(timer);
    }
    children.delete(child);
}

// Runs fairlead-bench to its end and returns what it measured. Status 1 tells of lost webhooks,
// which the result shows; everything else is an error.
export function benchTool(tool, args) {
    return new Promise((resolve, reject) => {
        const [command, ...rest] = pinned([tool, ...args.map(String)]);
        const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
        children.add(child);
        let output = '';
        let complaint = '';
        child.stdout.on('data', (data) => (output += data));
        child.stderr.on('data', (data) => (complaint = (complaint + data).slice(-4096)));
        child.once('error', reject);
        child.once('close', (code) => {
            children.delete(child);
            if (code === 0 || code === 1) resolve(JSON.parse(output));
            else reject(new Error(`${args[0]} ended with ${code}: ${complaint || output}`));
        });
    });
}

// A counting sink that lives until it is stopped.
export class Sink {
    static async start(tool, args = []) {
        const sink = new Sink();
        const [command, ...rest] = pinned([tool, 'sink', ...args.map(String)]);
        sink.child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
        children.add(sink.child);
        sink.url = await new Promise((resolve, reject) => {
            sink.child.once('error', reject);
            sink.child.once('exit', (code) => reject(new Error(`the sink ended with ${code}`)));
            sink.child.stdout.once('data', (line) => resolve(/http:\S+/.exec(String(line))[0]));
        });
        return sink;
    }

    async get(path) {
        const response = await fetch(this.url + path);
        return response.json();
    }

    async reset() {
        await fetch(`${this.url}/reset`, { method: 'POST' });
    }

    stop() {
        return endChild(this.child);
    }
}

// A port that is free now: for a destination that has a URL before it exists, or never exists.
export function freePort() {
    return new Promise((resolve, reject) => {
        const server = createServer();
        server.once('error', reject);
        server.listen(0, '127.0.0.1', () => {
            const { port } = server.address();
            server.close(() => resolve(port));
        });
    });
}

export function sleep(ms) {
    return new Promise((resolve) => setTimeout(resolve, ms));
}
