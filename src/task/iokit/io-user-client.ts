/**
 * Apple's IOUserClient, as far as memory goes: a driver makes one for a task and sends it there, offers memory by type, and the
 * task maps it. Where I/O Kit has the driver override `clientMemoryForType`, the driver calls it here, beforehand.
 */
import { kIOMapAnywhere } from '../../iokit/options.ts';
import type { IOReturn } from '../../iokit/return-codes.ts';
import { calls } from '../../kernel/calls/index.ts';
import { currentTask } from '../current.ts';
import { Handle, handleBrand, handleId, registerHandle } from '../handle.ts';
import { bits, descriptorId, objectOrNull } from './arguments.ts';
import type { IOMemoryDescriptor, Size, TaskArgument } from './io-memory-descriptor.ts';
import { IOMemoryMap } from './io-memory-map.ts';

export class IOUserClient extends Handle {
  override readonly [handleBrand] = 'IOUserClient';

  /** A connection of `owningTask`. It is closed when that task dies or drops its last reference. Null for a dead task. */
  static withTask(owningTask: TaskArgument): IOUserClient {
    const task = handleId(owningTask, 'Task', 'owningTask');
    return objectOrNull(task === 0 ? 0 : currentTask().invoke(calls.userClientWithTask, task), IOUserClient);
  }

  /** Offers `memory` under `type`, with the kIOMap options that the task cannot choose. kIOReturnNotAttached once closed. */
  clientMemoryForType(type: number, memory: IOMemoryDescriptor, options = 0): IOReturn {
    return currentTask().invoke(
      calls.clientMemoryForType,
      this.id,
      type,
      descriptorId(memory, 'memory'),
      bits(options),
    );
  }

  /**
   * Maps the memory of `type` into `task`. Only bits 0 to 11 of `mapFlags` count; all others are the driver's. Null when nothing
   * is offered, it cannot be mapped, or the connection is closed. The map is the connection's and goes with it.
   */
  mapClientMemory64(type: number, task: TaskArgument, mapFlags = kIOMapAnywhere, atAddress: Size = 0): IOMemoryMap {
    const into = handleId(task, 'Task', 'task');
    const made =
      into === 0 ? 0 : currentTask().invoke(calls.mapClientMemory64, this.id, type, into, bits(mapFlags), atAddress);
    return objectOrNull(made, IOMemoryMap);
  }

  /** Gives up a map of the memory of `type` in `task`, whichever of them is compatible. kIOReturnBadArgument when there is none. */
  unmapClientMemory(type: number, task: TaskArgument, atAddress: Size = 0): IOReturn {
    return currentTask().invoke(calls.unmapClientMemory, this.id, type, handleId(task, 'Task', 'task'), atAddress);
  }

  /** Drops all maps and all memory that is offered. Closing twice is no error. */
  clientClose(): IOReturn {
    return currentTask().invoke(calls.clientClose, this.id);
  }
}
registerHandle('IOUserClient', IOUserClient);
