/** The error that a refused kernel call throws in the task, from its name and message in the reply. */
import { MemoryFault } from '../hardware/errors.ts';
import { HandleError } from '../kernel/handle-table.ts';
import { PrivilegeError } from '../kernel/privilege.ts';

export function refusal(name: string, message: string): Error {
  switch (name) {
    case 'HandleError':
      return new HandleError(message, false);
    case 'PrivilegeError':
      return new PrivilegeError(message);
    case 'RangeError':
      return new RangeError(message);
    case 'MemoryFault':
      return Object.assign(new MemoryFault(0, 'read', 0, '', ''), { message });
    default:
      return new TypeError(message);
  }
}
