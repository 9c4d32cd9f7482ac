import { statesHaveNoFinding } from "./findings";

statesHaveNoFinding("light");
