// Names of servers, which containers and failures tell by identifiers, or by the addresses of their key shares.
import type { ServersView } from "$lib/bindings/ServersView";

class ServerNames {
  #names = $state.raw<ReadonlyMap<string, string>>(new Map());

  know({ servers }: ServersView): void {
    const shares = servers.flatMap(({ shares, name }) => (shares === null ? [] : [[shares, name] as const]));
    this.#names = new Map([...shares, ...servers.map(({ id, name }) => [id, name] as const)]);
  }

  /** The name that people know; of one that no list has, the identifier. */
  of(id: string): string {
    return this.#names.get(id) ?? id;
  }
}

export const serverNames = new ServerNames();
