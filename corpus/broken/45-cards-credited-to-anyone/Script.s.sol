// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Nft} from "./Nft.sol";
import {VaultV1, VaultV2} from "./Vaults.sol";

contract Migrate is Script {
    VaultV2 private immutable V2 = VaultV2(created(OWNER, 1));
    VaultV1 private immutable V1 = VaultV1(created(OWNER, 2));

    function deploy() external override broadcast(OWNER) {
        Nft nft = new Nft();
        new VaultV2(nft, V1);
        new VaultV1(nft, V2);
        nft.setApprovalForAll(address(V1), true);
        for (uint256 id = 1; id <= 4; id++) {
            nft.mint(OWNER, id);
            V1.stake(id, id < 3 ? ALICE : id == 3 ? BOB : CAROL);
        }
    }

    function run() external override broadcast(OWNER) {
        V1.evacuate(pair(1, 2));
        V2.register(pair(1, 2));
        V1.evacuate(pair(3, 4));
        V2.register(pair(3, 4));
    }

    function pair(uint256 a, uint256 b) internal pure returns (uint256[] memory ids) {
        ids = new uint256[](2);
        (ids[0], ids[1]) = (a, b);
    }
}
