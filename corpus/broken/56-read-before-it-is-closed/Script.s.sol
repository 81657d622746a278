// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {EscrowV1} from "./EscrowV1.sol";
import {EscrowV2, ILegacyEscrow} from "./EscrowV2.sol";

/// @notice Campaign by campaign: it is exported with its ether, then its backers are read over.
contract Migrate is Script {
    EscrowV1 internal v1 = EscrowV1(created(OWNER, 0));
    EscrowV2 internal v2 = EscrowV2(created(OWNER, 1));

    function deploy() external override {
        setUpContracts();
        createCampaigns();
        back(ALICE, 1, 4.5 ether);
        back(BOB, 1, 1.2 ether);
        back(BOB, 2, 2 ether);
        back(CAROL, 2, 6.3 ether);
        back(DAVE, 2, 0.9 ether);
    }

    function setUpContracts() internal broadcast(OWNER) {
        new EscrowV1(OWNER, v2);
        new EscrowV2(ILegacyEscrow(address(v1)));
    }

    function createCampaigns() internal broadcast(OPERATOR) {
        v1.create(20 ether, 60 days);
        v1.create(15 ether, 90 days);
    }

    function back(address backer, uint256 id, uint256 amount) internal broadcast(backer) {
        v1.pledge{value: amount}(id);
    }

    function run() external override {
        exportCampaign(1);
        importPledge(1, ALICE);
        importPledge(1, BOB);
        exportCampaign(2);
        importPledge(2, BOB);
        importPledge(2, CAROL);
        importPledge(2, DAVE);
    }

    function exportCampaign(uint256 id) internal broadcast(OWNER) {
        v1.exportCampaign(id);
    }

    function importPledge(uint256 id, address backer) internal broadcast(OPERATOR) {
        v2.importPledge(id, backer);
    }
}
