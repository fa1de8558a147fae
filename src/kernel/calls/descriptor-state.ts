/** Calls on what a descriptor keeps for its user and its mappers, and on its identity. */
import { persistentDescriptor } from '../../iokit/persistent.ts';
import type { Steps } from '../../vm/steps.ts';
import { call, parameter } from '../call.ts';
import { asksIt, changesIt } from '../effects.ts';
import { handle, integer, nothing } from '../wire.ts';
import { anyObject, autoPrepared, descriptorOf } from './descriptor.ts';

const descriptor = parameter('descriptor', handle);
const u16 = integer('an integer from 0 to 65535', 0, 65535);

export const descriptorStateCalls = {
  withPersistentMemoryDescriptor: call(
    'withPersistentMemoryDescriptor',
    [parameter('originalMD', handle)],
    anyObject,
    function* (kernel, caller, id): Steps<{ id: number; kind: string }> {
      const original = descriptorOf(kernel, caller, id);
      const found = persistentDescriptor(kernel.iokit, caller, original);
      if (found === null) return { id: 0, kind: original.kind };
      if (found === original || (yield* autoPrepared(caller, found)))
        return { id: kernel.handles.give(found, caller), kind: found.kind };
      found.release(caller);
      return { id: 0, kind: original.kind };
    },
  ),

  setPreparationID: call('setPreparationID', [descriptor], nothing, (kernel, caller, id) => {
    descriptorOf(kernel, caller, id).setPreparationID(caller);
  }),
  setDescriptorID: call(
    'setDescriptorID',
    [descriptor],
    nothing,
    (kernel, caller, id) => {
      descriptorOf(kernel, caller, id).getDescriptorID(caller);
    },
    changesIt,
  ),

  getMapperOptions: call(
    'getMapperOptions',
    [descriptor],
    u16,
    (kernel, caller, id) => descriptorOf(kernel, caller, id).mapperOptions,
    asksIt,
  ),
  setMapperOptions: call(
    'setMapperOptions',
    [descriptor, parameter('options', u16)],
    nothing,
    (kernel, caller, id, options) => {
      descriptorOf(kernel, caller, id).setMapperOptions(options);
    },
    changesIt,
  ),

  setContext: call('setContext', [descriptor, parameter('context', handle)], nothing, (kernel, caller, id, context) => {
    const target = descriptorOf(kernel, caller, id);
    target.setContext(caller, context === 0 ? null : kernel.handles.lookup(context, null, caller));
  }),
  copyContext: call('copyContext', [descriptor], anyObject, (kernel, caller, id) => {
    const { context } = descriptorOf(kernel, caller, id);
    if (context === null) return { id: 0, kind: '' };
    return { id: kernel.handles.give(context.retain(), caller), kind: context.kind };
  }),
};
