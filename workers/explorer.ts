/** Entry of an explorer's worker in the pool. */
import { ExplorerService, type Reply, type Request } from '../src/explore/explorer-service.ts';

const service = new ExplorerService();

export default (request: Request): Promise<Reply> => service.serve(request);
