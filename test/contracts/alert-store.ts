import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Alert, AlertStore, Telling } from "../../src/core/alerts/ports.ts";
import { DAY, fresh, MINUTE, NOW, parallel } from "./samples.ts";

export interface OpenAlertStore {
  readonly store: AlertStore;
  close(): Promise<void>;
}

/** The promises of `AlertStore`, for every store. */
export function alertStoreContract(name: string, open: () => Promise<OpenAlertStore>): void {
  describe(`${name}: alert store`, () => {
    let opened: OpenAlertStore;
    let store: AlertStore;
    beforeAll(async () => {
      opened = await open();
      store = opened.store;
    });
    afterAll(() => opened.close());

    const anAlert = (over: Partial<Alert> = {}): Alert => ({
      id: fresh("alert"),
      kind: "sms_balance",
      subject: fresh("subject"),
      detail: { code: "E1", count: 3 },
      raisedAt: NOW,
      ...over,
    });
    const raised = async (over: Partial<Alert> = {}) => {
      const alert = anAlert(over);
      expect(await store.raise(alert)).toBe(true);
      return alert;
    };
    const dueOf = async ({ id }: Alert, now = NOW): Promise<readonly Telling[]> =>
      (await store.due(now, 1_000)).filter(({ alert }) => alert.id === id);

    test("raises and clears once if 20 do it at once, and raises again after that", async () => {
      const { subject } = anAlert();
      const racers = await parallel(20, () => store.raise(anAlert({ subject })));
      expect(racers.filter((won) => won)).toHaveLength(1);
      const ends = await parallel(20, () => store.clear("sms_balance", subject, NOW));
      expect(ends.filter((won) => won)).toHaveLength(1);
      await raised({ subject });
    });

    test("tells alerts of different kinds and subjects apart", async () => {
      const { subject } = await raised();
      await raised({ subject, kind: "sms_quota" });
      expect(await store.clear("sms_arrears", subject, NOW)).toBe(false);
      expect(await store.clear("sms_quota", subject, NOW)).toBe(true);
      const standing = (await store.standing()).filter((one) => one.subject === subject);
      expect(standing).toEqual([{ kind: "sms_balance", subject }]);
    });

    test("gives a raising as due until it was told", async () => {
      const alert = await raised();
      expect(await dueOf(alert, NOW - 1)).toEqual([]);
      const due = await dueOf(alert);
      expect(due).toEqual([{ alert, what: "raised", attempts: 0 }]);
      for (const telling of due) await store.told(telling, NOW);
      expect(await dueOf(alert, NOW + DAY)).toEqual([]);
    });

    test("gives a clearing as due after the raising was told, even if it happened before that", async () => {
      const alert = await raised();
      await store.clear(alert.kind, alert.subject, NOW + MINUTE);
      const ended = { ...alert, clearedAt: NOW + MINUTE };
      const [first] = await dueOf(alert, NOW + MINUTE);
      expect(first).toEqual({ alert: ended, what: "raised", attempts: 0 });
      if (first) await store.told(first, NOW + MINUTE);
      const [second] = await dueOf(alert, NOW + MINUTE);
      expect(second).toEqual({ alert: ended, what: "cleared", attempts: 0 });
      if (second) await store.told(second, NOW + MINUTE);
      expect(await dueOf(alert, NOW + DAY)).toEqual([]);
    });

    test("gives a clearing as due that happened while the raising was being told", async () => {
      const alert = await raised();
      const [telling] = await dueOf(alert);
      await store.clear(alert.kind, alert.subject, NOW);
      if (telling) await store.told(telling, NOW);
      expect((await dueOf(alert)).map(({ what }) => what)).toEqual(["cleared"]);
    });

    test("gives a postponed telling as due again at its time", async () => {
      const alert = await raised();
      const [telling] = await dueOf(alert);
      if (telling) await store.postpone(telling, NOW + MINUTE);
      expect(await dueOf(alert, NOW + MINUTE - 1)).toEqual([]);
      expect(await dueOf(alert, NOW + MINUTE)).toMatchObject([{ what: "raised", attempts: 1 }]);
    });

    test("gives a postponed telling as due at its time only, even if the alert was cleared meanwhile", async () => {
      const alert = await raised();
      const [telling] = await dueOf(alert);
      if (telling) await store.postpone(telling, NOW + 10 * MINUTE);
      await store.clear(alert.kind, alert.subject, NOW + MINUTE);
      expect(await dueOf(alert, NOW + 10 * MINUTE - 1)).toEqual([]);
      expect(await dueOf(alert, NOW + 10 * MINUTE)).toMatchObject([{ what: "raised", attempts: 1 }]);
    });

    test("counts the attempts of the clearing anew, and has it told once", async () => {
      const alert = await raised();
      for (let n = 0; n < 3; n += 1) {
        const [telling] = await dueOf(alert);
        if (telling) await store.postpone(telling, NOW);
      }
      const [beginning] = await dueOf(alert);
      if (beginning) await store.told(beginning, NOW);
      await store.clear(alert.kind, alert.subject, NOW);
      const [end] = await dueOf(alert);
      expect([beginning, end]).toMatchObject([{ attempts: 3 }, { what: "cleared", attempts: 0 }]);
      for (const telling of [end, beginning]) if (telling) await store.told(telling, NOW);
      expect(await dueOf(alert, NOW + DAY)).toEqual([]);
    });

    test("ignores a postponement of what was told already", async () => {
      const alert = await raised();
      const [telling] = await dueOf(alert);
      if (!telling) throw new Error("nothing is due");
      await store.told(telling, NOW);
      await store.postpone(telling, NOW);
      await store.told(telling, NOW);
      expect(await dueOf(alert, NOW + DAY)).toEqual([]);
    });
  });
}
