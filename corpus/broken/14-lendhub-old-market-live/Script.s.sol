// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Comptroller, Market} from "./Markets.sol";

contract Migrate is Script {
    Comptroller private immutable COMPTROLLER = Comptroller(created(OWNER, 0));
    Market private immutable OLD = Market(created(OWNER, 1));
    Market private immutable NEW = Market(created(OWNER, 2));

    function deploy() external override broadcast(OWNER) {
        Comptroller comptroller = new Comptroller();
        Market old = new Market(comptroller, "oldMarket");
        new Market(comptroller, "newMarket");
        comptroller.list(old, true);
        old.supply(ALICE, 500e18);
        old.supply(BOB, 300e18);
        old.supply(CAROL, 200e18);
    }

    function run() external override broadcast(OWNER) {
        address[] memory accounts = new address[](3);
        (accounts[0], accounts[1], accounts[2]) = (ALICE, BOB, CAROL);
        NEW.copyFrom(OLD, accounts);
        COMPTROLLER.list(NEW, true);
    }
}
