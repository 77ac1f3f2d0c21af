/** A worker of this node, by an id that no other worker of this node ever has. */
export type WorkerId = number;

/** Another node, by an id that no other start of any node ever has. */
export type NodeId = string;

/** Who holds connections. */
export type Owner = WorkerId | NodeId;
