// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {Diamond, FacetCut} from "./Diamond.sol";
import {LedgerV1, LedgerV2} from "./Ledger.sol";

contract Migrate is Script {
    address private immutable FACET = created(OWNER, 2);
    address private immutable DIAMOND = created(OWNER, 3);

    function deploy() external override broadcast(OWNER) {
        Token token = new Token("Token", "TKN", OWNER);
        LedgerV1 facet = new LedgerV1(token);
        new LedgerV2(token);
        new Diamond(cut(address(facet), 4));
        token.mint(OWNER, 1000e18);
        token.approve(DIAMOND, 1000e18);
        LedgerV1(DIAMOND).depositFor(ALICE, 400e18);
        LedgerV1(DIAMOND).depositFor(BOB, 300e18);
        LedgerV1(DIAMOND).depositFor(CAROL, 200e18);
        LedgerV1(DIAMOND).depositFor(DAVE, 100e18);
    }

    function run() external override broadcast(OWNER) {
        Diamond(payable(DIAMOND)).diamondCut(cut(FACET, 5));
        address[] memory accounts = new address[](2);
        (accounts[0], accounts[1]) = (ALICE, BOB);
        LedgerV2(DIAMOND).migrate(accounts);
        (accounts[0], accounts[1]) = (CAROL, DAVE);
        LedgerV2(DIAMOND).migrate(accounts);
    }

    /// @dev The first four are those of both ledgers.
    function cut(address facet, uint256 count) internal pure returns (FacetCut[] memory cuts) {
        bytes4[5] memory all = [
            LedgerV2.balanceOf.selector,
            LedgerV2.totalSupply.selector,
            LedgerV2.depositFor.selector,
            LedgerV2.withdraw.selector,
            LedgerV2.migrate.selector
        ];
        bytes4[] memory selectors = new bytes4[](count);
        for (uint256 i = 0; i < count; i++) {
            selectors[i] = all[i];
        }
        cuts = new FacetCut[](1);
        cuts[0] = FacetCut(facet, selectors);
    }
}
