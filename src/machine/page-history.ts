/**
 * What happens to page frames, told with addresses: from frames, page tables and the IOMMU to one listener. Explorations do not
 * listen. A failure is run again anyway when it is told, with the same schedule, and that one execution keeps it all: so no other
 * one pays, and a page's history is a function of the trace like everything else in a report.
 */
import type { Hardware } from '../hardware/hardware.ts';
import { deviceSpace, type PageListener } from '../hardware/page-fate.ts';

/** `note` is given addresses in place of page numbers; null: nobody listens. */
export function listenToPages(hardware: Hardware, note: PageListener | null): void {
  const { frames, tables, iommu, pageSize } = hardware;
  frames.listener = note;
  tables.listener =
    note === null ? null : (fate, frame, space, page, detail) => note(fate, frame, space, page * pageSize, detail);
  if (iommu === null) return;
  const { pageSize: deviceBytes } = iommu;
  const told: PageListener = (fate, physicalPage, _space, page, detail) =>
    note?.(fate, Math.floor((physicalPage * deviceBytes) / pageSize), deviceSpace, page * deviceBytes, detail);
  iommu.listen(note === null ? null : told);
}
