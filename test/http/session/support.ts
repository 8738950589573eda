import { expect } from "vitest";
import { bearer, type OpenedSession, type World } from "../../support/world.ts";
import { bodyOf, MINUTE_MS, PHONE, refused } from "../support.ts";

export interface SessionBody {
  readonly id: string;
  readonly current: boolean;
  readonly device: string;
  readonly createdAt: string;
  readonly lastUsedAt: string;
  readonly expiresAt: string;
}

/** Calls about sessions, in the world of the current test. */
export function sessionCalls(world: () => World) {
  const refresh = (refreshToken: string) => world().post("/v1/sessions/refresh", { refreshToken });
  const me = (accessToken: string) => world().request("/v1/me", { headers: bearer(accessToken) });
  const end = (path: string, accessToken: string) =>
    world().request(`/v1/sessions${path}`, { method: "DELETE", headers: bearer(accessToken) });

  async function refreshed(refreshToken: string): Promise<OpenedSession> {
    const response = await refresh(refreshToken);
    expect(response.status).toBe(200);
    return await bodyOf<OpenedSession>(response);
  }

  async function list(accessToken: string): Promise<readonly SessionBody[]> {
    const response = await world().request("/v1/sessions", { headers: bearer(accessToken) });
    expect(response.status).toBe(200);
    return (await bodyOf<{ sessions: SessionBody[] }>(response)).sessions;
  }

  /** One more session of the same phone. */
  async function signInAgain(phone = PHONE): Promise<OpenedSession> {
    world().clock.advance(MINUTE_MS);
    return await world().signIn(phone);
  }

  async function expectEnded({ accessToken, refreshToken }: OpenedSession): Promise<void> {
    await refused(await me(accessToken), "invalid_token");
    await refused(await refresh(refreshToken), "invalid_refresh_token");
  }

  async function expectAlive({ accessToken }: OpenedSession): Promise<void> {
    expect((await me(accessToken)).status).toBe(200);
  }

  return { refresh, me, end, refreshed, list, signInAgain, expectEnded, expectAlive };
}

/** An answer without its request id, which is new in each. */
export async function publicPart(response: Response): Promise<unknown> {
  const { requestId, ...problem } = await bodyOf<Record<string, unknown>>(response);
  expect(requestId).toBeTypeOf("string");
  const headers = [...response.headers].filter(([name]) => name !== "x-request-id");
  return { status: response.status, headers, problem: JSON.stringify(problem) };
}
