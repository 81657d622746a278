// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {LegacyToken} from "./LegacyToken.sol";

/// @notice The upgraded token: the same blocklist, no pause. Its supply is made once, in the claim contract.
contract HarborDollar is ERC20 {
    error NotTheClaim();
    error AlreadyFunded();
    error AccountBlocked(address account);

    address public immutable CLAIM;
    /// @notice Keeps the blocklist of both tokens.
    LegacyToken public immutable LIST;
    bool public funded;

    constructor(address claim, LegacyToken list) ERC20("Harbor Dollar", "HUSD2") {
        CLAIM = claim;
        LIST = list;
    }

    function fund(uint256 supply) external {
        require(msg.sender == CLAIM, NotTheClaim());
        require(!funded, AlreadyFunded());
        funded = true;
        _mint(CLAIM, supply);
    }

    /// @dev A blocked account receives, and does not send.
    function _update(address from, address to, uint256 value) internal override {
        require(!LIST.blocked(from), AccountBlocked(from));
        super._update(from, to, value);
    }
}
