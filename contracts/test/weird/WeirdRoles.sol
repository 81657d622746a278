// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Pausable} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Pausable.sol";
import {LegacyRoleToken} from "src/demo/LegacyRoleToken.sol";

/// @notice Roles whose members cannot be listed.
contract PlainRolesToken is ERC20, ERC20Pausable, AccessControl {
    bytes32 public constant PAUSER_ROLE = keccak256("PAUSER_ROLE");

    constructor(address admin) ERC20("Plain", "PLN") {
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
        _grantRole(PAUSER_ROLE, admin);
    }

    function pause() external onlyRole(PAUSER_ROLE) {
        _pause();
    }

    function unpause() external onlyRole(PAUSER_ROLE) {
        _unpause();
    }

    function _update(address from, address to, uint256 value) internal override(ERC20, ERC20Pausable) {
        super._update(from, to, value);
    }
}

/// @notice Roles, and an owner beside them.
contract OwnedRolesToken is LegacyRoleToken, Ownable {
    constructor(address admin) LegacyRoleToken("Owned", "OWN", admin) Ownable(admin) {}
}

/// @notice Roles whose admins go round and never end.
contract RingRolesToken is LegacyRoleToken {
    constructor(address admin) LegacyRoleToken("Ring", "RNG", admin) {
        _setRoleAdmin(PAUSER_ROLE, MINTER_ROLE);
        _setRoleAdmin(MINTER_ROLE, PAUSER_ROLE);
    }
}

/// @notice Ownership that has to be accepted.
contract TwoStepToken is ERC20, ERC20Pausable, Ownable2Step {
    constructor(address owner_) ERC20("Two", "TWO") Ownable(owner_) {
        _mint(owner_, 1000);
    }

    function pause() external onlyOwner {
        _pause();
    }

    function unpause() external onlyOwner {
        _unpause();
    }

    function _update(address from, address to, uint256 value) internal override(ERC20, ERC20Pausable) {
        super._update(from, to, value);
    }
}

/// @notice Answers every call with the same word.
contract Parrot {
    uint256 internal immutable WORD;

    constructor(uint256 word) {
        WORD = word;
    }

    fallback(bytes calldata) external returns (bytes memory) {
        return abi.encode(WORD);
    }
}

/// @notice Forwards everything to code that its own admin can change.
contract SwitchableProxy {
    address internal immutable ADMIN = msg.sender;
    address internal target;

    constructor(address target_) {
        target = target_;
    }

    function switchTo(address target_) external {
        require(msg.sender == ADMIN);
        target = target_;
    }

    fallback() external {
        (bool ok, bytes memory answer) = target.delegatecall(msg.data);
        assembly {
            switch ok
            case 0 { revert(add(answer, 32), mload(answer)) }
            default { return(add(answer, 32), mload(answer)) }
        }
    }
}
