// Names of servers, which containers and failures tell by identifiers.
import type { ServersView } from "$lib/bindings/ServersView";

class ServerNames {
  #names = $state.raw<ReadonlyMap<string, string>>(new Map());

  know({ servers }: ServersView): void {
    this.#names = new Map(servers.map(({ id, name }) => [id, name]));
  }

  /** The name that people know; of one that no list has, the identifier. */
  of(id: string): string {
    return this.#names.get(id) ?? id;
  }
}

export const serverNames = new ServerNames();
