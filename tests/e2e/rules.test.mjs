// Rules of connections as the API takes, keeps and shows them: filter, deduplicate and transform.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startGateway } from './gateway.mjs';
import { caller } from './caller.mjs';
