import { DAY, HOUR } from "../service.ts";
import { attackerAt, botAddress, type Scenario, type Stage } from "../stage.ts";
import { numberOf } from "../traffic.ts";
import { pump } from "./pumping.ts";

const RANGE = 4_000;
const WEEKS = 3;
const TAUGHT_A_DAY = 96;

/** Signs in to numbers of a range for weeks, so that the guard learns much traffic to it as usual, then pumps it. */
function poison(stage: Stage): void {
  const { service } = stage;
  const { simulation } = service;
  const pumpsFrom = simulation.now() + WEEKS * 7 * DAY;
  simulation.spawn(simulation.now(), async () => {
    for (let n = 0; simulation.now() < pumpsFrom; n += 1) {
      const phone = numberOf(RANGE, n % 9_000);
      const caller = attackerAt(botAddress(n % 400, 4));
      const started = await service.start(caller, phone);
      if (started.sent) await service.guess(caller, started.id, started.code);
      await simulation.sleep(DAY / TAUGHT_A_DAY);
    }
  });
  simulation.spawn(pumpsFrom + HOUR, async () => {
    service.sends.length = 0;
    pump({ addresses: 5_000, inNetwork: 4, ranges: 1, perHour: 120, faked: 0 })(stage);
  });
}

export const POISONING: Scenario = {
  title: "Poisoning what is learned",
  attacker: `The attacker signs in to ${TAUGHT_A_DAY} numbers of a range a day for ${WEEKS} weeks, which needs those numbers, and then pumps the range for two days without entering a code. Only those two days are counted.`,
  stops: "Learned thresholds grow by at most a tenth a week, whatever the traffic is.",
  left: "A tenth more for each week of patience.",
  attacks: [
    {
      name: "three weeks of sign-ins, then none",
      hours: { short: (WEEKS * 7 + 2) * 24, long: (WEEKS * 7 + 2) * 24 },
      isAlone: true,
      inForms: ["long"],
      begin: poison,
      bounds: { rangeDay: 60 * 1.1 ** WEEKS },
    },
  ],
};
