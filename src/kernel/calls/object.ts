/** Calls that every kernel object understands: its references. */
import { releaseReference } from '../balance.ts';
import { call, parameter } from '../call.ts';
import { asksIt, changesIt } from '../effects.ts';
import { count, handle, nothing } from '../wire.ts';

export const objectCalls = {
  retain: call(
    'retain',
    [parameter('object', handle)],
    nothing,
    (kernel, caller, id) => {
      kernel.handles.retain(kernel.handles.lookup(id, null, caller), caller);
    },
    changesIt,
  ),
  release: call(
    'release',
    [parameter('object', handle)],
    nothing,
    (kernel, caller, id) => {
      releaseReference(kernel, caller, kernel.handles.lookup(id, null, caller));
    },
    (effects, [id]) => effects.releases(id),
  ),
  /** As the real class counts: a map has one reference more than its clients hold, its descriptor's. */
  getRetainCount: call(
    'getRetainCount',
    [parameter('object', handle)],
    count,
    (kernel, caller, id) => kernel.handles.lookup(id, null, caller).references,
    asksIt,
  ),
};
