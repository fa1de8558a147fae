/** CS.account: the checker's sum is wrong, and it is looked at only where deposit and withdrawal are both over: it has to come last. */
import { defineScenario, IOLock } from 'wiredown';
import { creates, words } from './words.ts';

const amount = 1;
const deposit = 2;
const withdrawal = 4;

export default defineScenario({
  name: 'account',
  machine: { physicalMemory: 1 << 20 },
  setup(machine) {
    const balance = words(machine);
    machine.task('app').store32(balance, amount);
    return { balance, deposited: balance + 4, withdrawn: balance + 8, lock: IOLock.alloc('account') };
  },
  tasks: {
    main: creates('checker', 'depositor', 'withdrawer'),
    app: {
      checker(task, { balance, deposited, withdrawn, lock }) {
        task.receive();
        lock.lock();
        if (task.load32(deposited) === 1 && task.load32(withdrawn) === 1)
          task.assert(task.loadInt32(balance) === amount - deposit - withdrawal, 'the balance adds up');
        lock.unlock();
      },
      depositor(task, { balance, deposited, lock }) {
        task.receive();
        lock.lock();
        task.store32(balance, task.load32(balance) + deposit);
        task.store32(deposited, 1);
        lock.unlock();
      },
      withdrawer(task, { balance, withdrawn, lock }) {
        task.receive();
        lock.lock();
        task.store32(balance, task.load32(balance) - withdrawal);
        task.store32(withdrawn, 1);
        lock.unlock();
      },
    },
  },
});
