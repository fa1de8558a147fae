// deadline: 240
/** What a failure tells of the past: who made it wrong, who suffers, and what happened to the page or object before. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Failure } from '../../src/explore/results.ts';
import { toldFailure } from '../support/search.ts';

const test = suite('history');
const fixtures = new URL('../fixtures/invariant-scenarios.ts', import.meta.url).href;
const gallery = (name: string) => new URL(`../../scripts/scenarios/${name}.ts`, import.meta.url).href;

/** 'role thread', a site each. */
const sites = ({ sites }: Failure) => sites.map(({ role, thread }) => `${role} ${thread}`);
/** 'thread: what', a step each; 'setup: what' for what was there before. */
const past = ({ history }: Failure) =>
  history!.map(({ thread, description }) => `${thread ?? 'setup'}: ${description.replace(/0x\w+/g, 'A')}`);

test('DMA after complete names the complete, and the page’s wiring', async () => {
  const failure = await toldFailure(gallery('dma-after-complete'), null, 'dma-unwired');
  assert.equal(sites(failure), ['unwired kernel', 'dma-unwired disk']);
  assert.match(failure.sites[0]!.description, /^complete/);
  assert.ok(failure.sites[0]!.file!.endsWith('dma-after-complete.ts'));
  assert.ok(failure.sites[0]!.line! > 0);
  assert.equal(past(failure), [
    'setup: frame 1 is in use, mapped at A of client to read and write',
    'kernel: frame 1 is wired',
    'kernel: frame 1 is unwired',
  ]);
  assert.ok(failure.history![1]!.step! < failure.history![2]!.step!);
});

test('a stale translation names who took it away; the page was freed, and by whom', async () => {
  const failure = await toldFailure(gallery('mremap-flush'), null, 'stale-translation');
  assert.equal(sites(failure), ['unmapped app.move', 'freed app.unmap', 'stale-translation app.write']);
  assert.equal(past(failure).slice(0, 3), [
    'setup: frame 1 is in use, mapped at A of app to read and write',
    'app.move: frame 1 is no longer mapped at A of app',
    'app.move: frame 1 is mapped at A of app to read and write',
  ]);
  assert.ok(past(failure).includes('app.unmap: frame 1 is freed'));
});

test('MacDirtyCow names the mapping that came between check and use, and what was mapped there before', async () => {
  const failure = await toldFailure(gallery('copy-overwrite'), null, 'permission-outrun');
  assert.equal(sites(failure), ['entered app.remap', 'permission-outrun app.overwrite']);
  assert.ok(past(failure).includes('app.remap: frame 2 is no longer mapped at A of app'));
});

test('Dirty COW names who put the file back in the place of the copy', async () => {
  const failure = await toldFailure(gallery('dirty-cow'), null, 'snapshot-broken');
  assert.equal(sites(failure), ['entered app.discard', 'snapshot-broken app.write']);
  assert.equal(past(failure).slice(-2), [
    'app.discard: what was entered at A of app is removed',
    'app.discard: memory is entered at A of app',
  ]);
});

test('an object that is gone went inside of somebody’s call', async () => {
  const failure = await toldFailure(gallery('close-method'), null, 'use-after-release');
  assert.equal(sites(failure), ['released kernel.close', 'use-after-release kernel.method']);
  assert.equal(past(failure), ['setup: handle A is an IOMemoryMap', 'kernel.close: clientClose(2) = 0: it goes']);
});

test('a theft names what was prepared, and by whom', async () => {
  const failure = await toldFailure(fixtures, 'I10 a task completes what another one prepared', 'unbalanced');
  assert.equal(sites(failure), ['held kernel', 'unbalanced thief']);
  assert.equal(past(failure), [
    'setup: handle A is an IOMemoryDescriptor, setup holds a reference',
    'kernel: prepare(1, 0) = 0',
  ]);
});

test('a page that went though it was wired: wired, unwired by another one, taken by the pager', async () => {
  const name = 'I2 a page that was unwired under its descriptor is paged out';
  const failure = await toldFailure(fixtures, name, 'wired-page-moved');
  assert.equal(sites(failure), ['wired kernel.use', 'unwired kernel.thief', 'wired-page-moved pager']);
  const page = past(failure);
  assert.match(page.at(-2)!, /^kernel.use: frame \d+ is wired$/);
  assert.match(page.at(-1)!, /^kernel.thief: frame \d+ is unwired$/);
});

test('devices’ mappings are told as such', async () => {
  const failure = await toldFailure(fixtures, 'I6 device addresses are flushed too late', 'dma-outside-window');
  assert.equal(sites(failure), ['unmapped kernel', 'dma-outside-window disk']);
  assert.equal(past(failure)[0], 'setup: frame 1 is in use, wired once, mapped at A for devices');
  assert.equal(past(failure)[1], 'kernel: frame 1 is no longer mapped at A for devices');
});

test('a step whose page had to be faulted in first keeps its place in the source', async () => {
  const { sites: marked } = await toldFailure(gallery('double-fetch'), null, 'double-fetch');
  assert.equal(
    marked.map(({ line }) => line),
    [33, 25, 34],
  );
});

test('a failure that is about no page and no object has no past', async () => {
  assert.is((await toldFailure(gallery('deadlock'), null, 'deadlock')).history, undefined);
});

test('memory that is used after complete names who completed it', async () => {
  const failure = await toldFailure(gallery('use-after-complete'), null, 'use-after-complete');
  assert.equal(sites(failure), ['completed kernel.abort', 'use-after-complete kernel.submit']);
  assert.match(failure.sites[0]!.description, /^complete/);
  assert.match(failure.sites[1]!.description, /^readBytes/);
  assert.equal(
    past(failure).map((step) => step.replace(/ =.*/, '')),
    [
      'setup: handle A is an IOMemoryDescriptor, setup holds a reference',
      'kernel.submit: prepare(2, 0)',
      'kernel.abort: complete(2, 0)',
    ],
  );
});

test('a map that ends over other memory tells who made it', async () => {
  const failure = await toldFailure(gallery('dangling-mapping'), null, 'dangling-mapping');
  assert.equal(sites(failure), ['removed client', 'entered client', 'dangling-mapping kernel']);
  assert.match(failure.sites[2]!.description, /^release/);
  const told = past(failure);
  assert.ok(told.some((line) => line.startsWith('kernel: createMappingInTask')));
  assert.equal(told.slice(-3, -1), [
    'client: what was entered at A of client is removed',
    'client: memory is entered at A of client',
  ]);
});

test('a descriptor that was made of other memory tells what came in its place', async () => {
  const failure = await toldFailure(gallery('swapped-buffer'), null, 'mistaken-identity');
  assert.equal(sites(failure), ['removed client', 'entered client', 'mistaken-identity kernel']);
  assert.match(past(failure)[0]!, /^kernel: withOptions/);
  assert.equal(past(failure).slice(-2), [
    'client: what was entered at A of client is removed',
    'client: memory is entered at A of client',
  ]);
});

test('two calls that nothing orders tell the past of their descriptor', async () => {
  const failure = await toldFailure(gallery('prepare-race'), null, 'prepare-race');
  assert.match(past(failure)[0]!, /^setup: handle A is an IOMemoryDescriptor/);
  assert.match(past(failure)[1]!, /: prepare\(/);
});

for (const name of ['I11 what was dropped is read as if it were there', 'I11 a device is given what was dropped'])
  test(`${name}: by whom, and what the frame was`, async () => {
    const failure = await toldFailure(fixtures, name, 'purgeable-contract');
    assert.equal(sites(failure), ['emptied purger', 'purgeable-contract app']);
    assert.equal(past(failure), [
      'setup: frame 1 is in use, mapped at A of app to read and write',
      'purger: frame 1 is no longer mapped at A of app',
      'purger: frame 1 is freed',
    ]);
  });

test('a store that is lost with its page is named', async () => {
  const failure = await toldFailure(fixtures, 'I7 a store past the marks is lost when the page goes', 'lost-write');
  assert.equal(sites(failure), ['store that is lost kernel', 'lost-write pager']);
  assert.match(failure.sites[0]!.description, /^frameWrite|^write/);
});

/** What a page goes through that is allocated by `setup`, and prepared and touched by the driver. */
const driverPage = [
  'setup: frame 1 is free',
  'kernel: frame 1 is taken',
  'kernel: frame 1 is wired',
  'kernel: frame 1 is mapped at A of kernel to read and write',
];

for (const [name, rule, culprit, victim, expected] of [
  ['missing-flush', 'missing-cache-flush', 'store kernel', 'load past the cache disk', driverPage],
  ['stale-receive', 'stale-data', 'store past the cache net', 'stale load kernel', driverPage],
  ['shared-line', 'lost-write', 'write that is lost disk', 'write back kernel', driverPage],
  [
    'narrow-clean',
    'missing-cache-flush',
    'store kernel',
    'load past the cache client',
    [
      'setup: frame 1 is in use, wired once, mapped at A of kernel to read and write',
      'kernel: the 62 cache lines at A of frame 1 are written back',
    ],
  ],
] as const)
  test(`${name}: what a cache hid tells the past of its page`, async () => {
    const failure = await toldFailure(gallery(name), null, rule);
    assert.equal(sites(failure).slice(-2), [culprit, victim]);
    assert.equal(past(failure), expected);
  });

test.run();
