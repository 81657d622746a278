// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ERC1155} from "@openzeppelin/contracts/token/ERC1155/ERC1155.sol";

/// @notice A plain ERC-1155 whose owner mints and burns. Recipients with code are told, as the standard has it.
contract Items is ERC1155, Ownable {
    constructor(address owner) ERC1155("") Ownable(owner) {}

    function mint(address to, uint256 id, uint256 amount) external onlyOwner {
        _mint(to, id, amount, "");
    }

    function burn(address from, uint256 id, uint256 amount) external onlyOwner {
        _burn(from, id, amount);
    }
}

/// @notice Gives the caller of the successor what it has of the legacy, then burns that.
/// @dev Assumes: it owns both.
contract Exchange {
    Items public immutable LEGACY;
    Items public immutable SUCCESSOR;

    constructor(Items legacy, Items successor) {
        LEGACY = legacy;
        SUCCESSOR = successor;
    }

    /// @notice All that the caller has of an id. Again does nothing.
    function migrate(uint256 id) external {
        uint256 amount = LEGACY.balanceOf(msg.sender, id);
        if (amount == 0) return;
        SUCCESSOR.mint(msg.sender, id, amount);
        // What is left of it, so that nothing that came in between stays behind.
        LEGACY.burn(msg.sender, id, LEGACY.balanceOf(msg.sender, id));
    }
}
