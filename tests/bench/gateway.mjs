// A gateway under measurement: started on a data directory of its own, spoken to through its API,
// ended by pid.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { children, endChild, pinned } from './child.mjs';

const READY_TIMEOUT_MS = 30_000;
const API_TIMEOUT_MS = 300_000; // letting go of millions of events takes a while

export class Gateway {
    // `directory` is one that has a store already; it is removed at the end too.
    static async start(binary, parentDirectory, directory) {
        const gateway = new Gateway();
        gateway.directory = directory ?? mkdtempSync(join(parentDirectory, 'gateway-'));
        const [command, ...rest] = pinned([
            binary, 'serve', '--listen', '127.0.0.1:0', '--data', gateway.directory,
        ]);
        gateway.child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
        children.add(gateway.child);
        gateway.log = '';
        gateway.child.stderr.on('data', (data) => {
            gateway.log = (gateway.log + data).slice(-4096);
        });
        try {
            gateway.origin = await gateway.#ready();
            gateway.key = readFileSync(join(gateway.directory, 'api-key'), 'utf8').trim();
        } catch (error) {
            await gateway.stop();
            throw error;
        }
        return gateway;
    }

    get pid() {
        return this.child.pid;
    }

    #ready() {
        return new Promise((resolve, reject) => {
            const fail = (why) => reject(new Error(`the gateway ${why}\n${this.log}`));
            const timer = setTimeout(() => fail('was not ready in time'), READY_TIMEOUT_MS);
            this.child.once('error', (error) => fail(`cannot be started: ${error.message}`));
            this.child.once('exit', (code, signal) => fail(`ended early (${signal ?? code})`));
            // The lines are read to the end: a full pipe would stop the gateway.
            createInterface({ input: this.child.stdout }).on('line', (line) => {
                const match = /^fairlead ready on (http:\/\/\S+)/.exec(line);
                if (!match) return;
                clearTimeout(timer);
                resolve(match[1]);
            });
        });
    }

    async api(method, path, body) {
        const response = await fetch(`${this.origin}/2025-07-01${path}`, {
            method,
            headers: { authorization: `Bearer ${this.key}`, 'content-type': 'application/json' },
            body: body === undefined ? undefined : JSON.stringify(body),
            signal: AbortSignal.timeout(API_TIMEOUT_MS),
        });
        const text = await response.text();
        if (!response.ok)
            throw new Error(`${method} ${path} answered ${response.status}: ${text.slice(0, 300)}`);
        return JSON.parse(text);
    }

    // Connects `source` (a name for a new one, or the id of one that exists) to a URL, or to a config.
    async connect({ source, sourceId, destination, url, config = { url }, rules }) {
        const connection = await this.api('POST', '/connections', {
            name: `to-${destination}`,
            ...(sourceId ? { source_id: sourceId } : { source: { name: source, type: 'WEBHOOK' } }),
            destination: { name: destination, type: 'HTTP', config },
            ...(rules ? { rules } : {}),
        });
        return {
            id: connection.id,
            sourceId: connection.source.id,
            // The load stays on this machine, whatever public URL the gateway goes by.
            ingestUrl: this.origin + new URL(connection.source.url).pathname,
        };
    }

    // Resident memory now and at its highest, in MiB.
    memory() {
        const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
        const mib = (name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)[1]) / 1024;
        return { resident_mib: mib('VmRSS'), peak_resident_mib: mib('VmHWM') };
    }

    async stop() {
        await endChild(this.child);
        rmSync(this.directory, { recursive: true, force: true });
    }
}
