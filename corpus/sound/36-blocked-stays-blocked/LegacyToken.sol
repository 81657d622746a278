// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";

/// @notice An ERC-20 that its owner pauses and mints, with a blocklist that the compliance desk keeps.
contract LegacyToken is ERC20, Ownable, Pausable {
    event BlockSet(address indexed account, bool isBlocked);

    error NotCompliance();
    error AccountBlocked(address account);

    address public immutable COMPLIANCE;
    mapping(address account => bool) public blocked;

    constructor(address owner, address compliance) ERC20("Harbor Dollar", "HUSD") Ownable(owner) {
        COMPLIANCE = compliance;
    }

    function mint(address to, uint256 amount) external onlyOwner {
        _mint(to, amount);
    }

    function pause() external onlyOwner {
        _pause();
    }

    function unpause() external onlyOwner {
        _unpause();
    }

    function setBlocked(address account, bool isBlocked) external {
        require(msg.sender == COMPLIANCE, NotCompliance());
        blocked[account] = isBlocked;
        emit BlockSet(account, isBlocked);
    }

    function _update(address from, address to, uint256 value) internal override whenNotPaused {
        require(!blocked[from], AccountBlocked(from));
        super._update(from, to, value);
    }
}
