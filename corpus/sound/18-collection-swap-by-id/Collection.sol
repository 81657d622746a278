// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";

/// @notice A plain ERC-721 whose owner mints and burns.
contract Collection is ERC721, Ownable {
    constructor(string memory name, string memory symbol, address owner) ERC721(name, symbol) Ownable(owner) {}

    function mint(address to, uint256 id) external onlyOwner {
        _mint(to, id);
    }

    function burn(uint256 id) external onlyOwner {
        _burn(id);
    }

    /// @notice Whether somebody has this id.
    function exists(uint256 id) external view returns (bool) {
        return _ownerOf(id) != address(0);
    }
}
