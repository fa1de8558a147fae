/**
 * Entry B22 of the race catalogue: two paths of a driver prepare and complete one descriptor without serialising themselves,
 * although Apple's page says that `prepare` is not thread safe. The rule `prepare-race` sees it in any order.
 */
import { defineScenario, IOMemoryDescriptor, kIODirectionOut } from 'wiredown';

export default defineScenario({
  name: 'prepare race',
  machine: { physicalMemory: 1 << 20 },

  setup(machine) {
    const client = machine.task('client');
    const address = client.allocate(8192);
    client.store32(address, 7);
    const request = IOMemoryDescriptor.withAddressRange(address, 8192, kIODirectionOut, client);
    return { request };
  },

  tasks: {
    client: {},
    kernel: {
      submit(_task, { request }) {
        request.prepare();
        request.complete();
      },
      abort(_task, { request }) {
        request.prepare();
        request.complete();
      },
    },
  },
});
