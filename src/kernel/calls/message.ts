/** Messages between threads: plain data, and handles that take a right and a reference along. */
import type { Steps } from '../../vm/steps.ts';
import { call, parameter } from '../call.ts';
import { Shared } from '../effects.ts';
import type { KernelThread, Message } from '../thread.ts';
import { handle, list, nothing, raw, text } from '../wire.ts';

export const messageCalls = {
  send: call(
    'send',
    [parameter('thread', text), parameter('value', raw), parameter('handles', list(handle))],
    nothing,
    (kernel, caller, name, words, handles) => {
      const receiver = kernel.threads.find((thread) => thread.name === name);
      if (receiver === undefined) {
        throw new RangeError(
          `send: there is no thread ${JSON.stringify(name)}; there are ${kernel.threads.map((t) => t.name).join(', ')}`,
        );
      }
      if (receiver.device && handles.length > 0)
        throw new RangeError(`send: ${name} is a device, which understands addresses and no handles`);
      const objects = handles.map((id) => kernel.handles.lookup(id, null, caller));
      if (receiver.ended) return;
      for (const object of objects) object.retain();
      const message: Message = { words, objects, key: kernel.newKey() };
      kernel.observer.release(caller, message.key);
      kernel.journal.append(receiver.messages, message);
      kernel.sleepers.wake(receiver.mailbox, 1, caller);
    },
    (effects, [name, , handles], _caller, kernel) => {
      const receiver = kernel.threads.find((thread) => thread.name === name);
      if (receiver === undefined || handles.length > 0) effects.everything();
      else effects.changes(Shared.Mailbox, receiver.number);
    },
  ),

  receive: call(
    'receive',
    [],
    raw,
    function* (kernel, caller: KernelThread): Steps<Float64Array> {
      while (caller.messages.length === 0) {
        if (caller.device) kernel.becomeIdle(caller);
        yield caller.mailbox;
      }
      const message = kernel.journal.remove(caller.messages, 0);
      kernel.observer.acquire(caller, message.key);
      if (message.objects.length > 0) kernel.effects?.everything();
      for (const object of message.objects) kernel.handles.give(object, caller);
      return message.words;
    },
    (effects, _values, caller) => effects.changes(Shared.Mailbox, caller.number),
  ),
};
